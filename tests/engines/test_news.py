"""Wake-ups of those who watch: over Redis, over PostgreSQL when it goes, and over Redis again when it comes back."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.jobs.workshop import Workshop, until
from tests.servers.redis import RedisServer, redis_server
from tolva.engines import ways
from tolva.engines.news import Announcer, Ears
from tolva.settings import Settings


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


def hears(announcer: Announcer, ears: Ears) -> bool:
    """Whether news come through, and by being told: not within a second otherwise."""
    ears.wait(0)
    announcer.announce()
    heard = threading.Event()
    waiting = threading.Thread(target=lambda: (ears.wait(30), heard.set()))
    waiting.start()
    found = heard.wait(2)
    ears.wake()
    waiting.join()
    return found


def test_news_go_over_postgresql_where_there_is_no_redis(shop: Workshop) -> None:
    with closing(Announcer(ways(Settings(), shop.db))) as announcer, closing(Ears(ways(Settings(), shop.db))) as ears:
        ears.start()
        until(lambda: ears.is_open)
        assert hears(announcer, ears)


def test_news_change_over_to_postgresql_and_back_as_redis_goes_and_comes(shop: Workshop, server: RedisServer) -> None:
    settings = Settings(redis_url=server.url)
    with closing(Announcer(ways(settings, shop.db))) as announcer, closing(Ears(ways(settings, shop.db))) as ears:
        ears.start()
        until(lambda: ears.is_open)
        assert hears(announcer, ears)
        assert not listeners(shop)
        server.stop()
        until(lambda: ears.is_open and listeners(shop), 20)
        until(lambda: hears(announcer, ears), 20)
        server.start()
        until(lambda: ears.is_open and not listeners(shop), 20)
        until(lambda: hears(announcer, ears), 20)


def listeners(shop: Workshop) -> list[object]:
    return shop.admin.execute(
        """SELECT pid FROM pg_stat_activity
           WHERE application_name LIKE '%news' AND datname = current_database()"""
    ).fetchall()
