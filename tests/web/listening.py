"""A client of live streams, as plain as one can be: it can be cut anywhere, and keeps whole events alone."""

import http.client
import json
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass(frozen=True)
class Heard:
    """One server-sent event."""

    event: str
    id: int | None
    data: Any


def listen_to(url: str | httpx.URL, path: str, last: int | None = None) -> http.client.HTTPResponse:
    """An open stream."""
    at = httpx.URL(url)
    conn = http.client.HTTPConnection(at.host, at.port or 80, timeout=20)
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    conn.request("GET", path, headers={"Connection": "close", **headers})  # the answer then owns the socket
    return conn.getresponse()


def events(text: bytes) -> Iterator[Heard]:
    """The whole events of what was received; the rest, and comments, are dropped."""
    for block in text.split(b"\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if not line.startswith(":"))
        if "event" in fields:
            id = int(fields["id"]) if "id" in fields else None
            yield Heard(fields["event"], id, json.loads(fields["data"]))


@dataclass
class Ear:
    """What a client has received so far, in a thread of its own."""

    raw: bytearray = field(default_factory=bytearray)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def heard(self) -> list[Heard]:
        return list(events(bytes(self.raw)))

    def kinds(self) -> list[str]:
        return [each.event for each in self.heard]

    def listen(self, answer: http.client.HTTPResponse) -> None:
        try:
            while piece := answer.read1(65536):
                self.raw += piece
        except (OSError, http.client.HTTPException):
            pass  # the server cut us off
        finally:
            answer.close()
            self.ended.set()


@contextmanager
def ear(url: str | httpx.URL, path: str, last: int | None = None) -> Generator[Ear]:
    """A client that listens until the stream, or the context, ends."""
    answer = listen_to(url, path, last)
    assert answer.status == 200
    listening = Ear()
    thread = threading.Thread(target=listening.listen, args=(answer,))
    thread.start()
    try:
        yield listening
    finally:
        thread.join(20)
        assert not thread.is_alive(), "the stream did not end"
