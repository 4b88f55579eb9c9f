"""A Redis database of the harness's own, given by BENCH_REDIS_URL."""

import os
from functools import cache

import redis

from bench.jobs.peer import Unavailable

URL = os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:6379/15")
MARKER = "tolva-bench"


@cache
def client() -> redis.Redis:
    """One connection of the harness itself."""
    return redis.Redis.from_url(URL)


def claim() -> None:
    """Empty the database; raises Unavailable if it cannot be reached or holds someone else's keys."""
    reach()
    if client().dbsize() and not client().exists(MARKER):
        raise Unavailable("the Redis database is not empty; set BENCH_REDIS_URL to one that is")
    client().flushdb()
    client().set(MARKER, 1)


def reach() -> None:
    """Raise Unavailable unless Redis answers."""
    try:
        client().ping()
    except redis.ConnectionError as error:
        raise Unavailable(f"Redis does not answer: {error}") from error


def release() -> None:
    """Leave the database empty."""
    client().flushdb()


def server_pids() -> list[int]:
    """The server's process."""
    return [int(client().info("server")["process_id"])]


def facts() -> dict[str, str]:
    """The server's version and whether it keeps anything."""
    reach()
    persistence = client().config_get("appendonly") | client().config_get("save")
    return {"redis_version": client().info("server")["redis_version"], **persistence}
