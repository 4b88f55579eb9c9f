"""`rediss://` means TLS, with every engine that has a Redis."""

import socket
import threading
from collections.abc import Iterator

import pytest

from tolva.db.pool import Database
from tolva.engines import make_single
from tolva.errors import BrokerUnavailable
from tolva.settings import Settings

HANDSHAKE = b"\x16"
"""The first byte of TLS."""


@pytest.fixture
def heard() -> Iterator[tuple[int, list[bytes]]]:
    """A port, and the first byte of all who call there, upon which it hangs up."""
    first: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            while True:
                try:
                    line, _ = door.accept()
                except OSError:
                    return
                with line:
                    first.append(line.recv(1))

        threading.Thread(target=serve, daemon=True).start()
        yield door.getsockname()[1], first
        door.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("engine", ["redis", "celery", "dramatiq"])
def test_nothing_goes_in_the_clear(engine: str, heard: tuple[int, list[bytes]]) -> None:
    port, first = heard
    settings = Settings(engine=engine, redis_url=f"rediss://:secret@127.0.0.1:{port}/0")
    with Database("", name="nobody") as db:
        made = make_single(settings, db, engine)
        with pytest.raises(BrokerUnavailable) as told:
            made.depth("work")
    assert set(first) == {HANDSHAKE}
    assert "REDIS_URL" in str(told.value) and "secret" not in str(told.value)
