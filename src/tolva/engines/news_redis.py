"""Wake-ups by publish and subscribe of a Redis server."""

# pyright: reportUnknownMemberType=false

from collections.abc import Generator
from contextlib import closing, contextmanager

from tolva.engines.news import Hear
from tolva.engines.redis_client import explained, make_client

CHANNEL = "tolva:news"


class RedisWay:
    """Over the server of REDIS_URL."""

    def __init__(self, url: str) -> None:
        self._redis = make_client(url)

    def announce(self) -> None:
        """Publish."""
        with explained():
            self._redis.publish(CHANNEL, "")

    @contextmanager
    def listening(self) -> Generator[Hear]:
        """Over a connection of its own."""
        with explained(), closing(self._redis.pubsub(ignore_subscribe_messages=True)) as listener:
            listener.subscribe(CHANNEL)
            yield lambda seconds: listener.get_message(timeout=seconds) is not None
