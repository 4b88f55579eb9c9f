"""What is true of rings in lists of Redis alone: who holds what."""

from collections.abc import Iterator

import pytest
import redis
from psycopg.conninfo import conninfo_to_dict

from tests.chaos.proxy import run_proxy
from tests.servers.redis import RedisServer, redis_server
from tolva.engines.redis import RedisBroker
from tolva.errors import BrokerUnavailable


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
def client(server: RedisServer) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url) as made:
        yield made


def held(client: redis.Redis) -> int:
    """How many rings lie in lists of workers."""
    return sum(client.llen(name) for name in client.keys("tolva:held:*"))


def test_a_ring_whose_receiver_was_never_told_of_it_is_given_back(server: RedisServer, client: redis.Redis) -> None:
    there = f"host=127.0.0.1 port={client.get_connection_kwargs()['port']}"
    with run_proxy(there, lose_answer_to=b"BLMOVE") as proxy:
        worker = RedisBroker(f"redis://127.0.0.1:{conninfo_to_dict(proxy.dsn)['port']}/0")
        worker.send("work", ["job"])
        with pytest.raises(BrokerUnavailable):
            worker.receive("work", 1)
        assert (worker.depth("work"), held(client)) == (0, 1)
        worker.hold([])
        worker.hold([])
        assert (worker.depth("work"), held(client)) == (1, 0)
        [ring] = worker.receive("work", 1)
        for _ in range(3):
            worker.hold([ring])
        assert (worker.depth("work"), held(client)) == (0, 1)
        worker.done(ring)
        assert held(client) == 0


def test_a_ring_that_is_just_being_taken_is_left_where_it_is(server: RedisServer, client: redis.Redis) -> None:
    worker = RedisBroker(server.url)
    worker.send("work", ["job"])
    [ring] = worker.receive("work", 1)
    worker.hold([])
    worker.hold([ring])
    assert (worker.depth("work"), held(client)) == (0, 1)


def test_what_is_no_ring_is_dropped_from_the_list_of_a_worker(server: RedisServer, client: redis.Redis) -> None:
    worker = RedisBroker(server.url)
    client.rpush(worker._held, b"\xff rubbish", "{}")
    worker.hold([])
    worker.hold([])
    assert held(client) == 0


def test_what_a_dead_worker_held_is_given_back(server: RedisServer, client: redis.Redis) -> None:
    dead, worker = RedisBroker(server.url), RedisBroker(server.url)
    dead.send("work", ["job"])
    dead.receive("work", 1)
    dead.hold([])
    client.delete(*client.keys("tolva:listening:*"))
    worker.hold([])
    assert (worker.depth("work"), held(client)) == (1, 0)
