"""A cable to an HTTP server that fails as the test likes: refuses, breaks in the middle, or takes its time."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

BUSY = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
HELD = ("connection", "transfer-encoding", "content-length", "keep-alive")
"""Headers that belong to one line of the two."""


@dataclass
class Fault:
    """What goes wrong with the next `times` requests that it is for."""

    times: int
    status: int = 0
    """Answered instead of being passed on; 0: it is passed on."""
    body: bytes = BUSY
    breaks: bool = False
    """Whether the line breaks after half of what was sent, or of what was answered."""
    loses: bool = False
    """Whether it is passed on, and the line breaks before anything of the answer came."""
    waits: threading.Event | None = None
    """Held until this is set."""
    meets: Callable[[str, str], bool] = lambda _method, _path: True


@dataclass
class Cable:
    """The server behind is asked on behalf of whoever asks here."""

    target: str
    faults: list[Fault] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each request, in order."""
    url: str = ""

    def next_fault(self, method: str, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.meets(method, path):
                fault.times -= 1
                return fault
        return None


class Line(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cable: Cable

    def log_message(self, format: str, *args: Any) -> None: ...

    def pass_on(self) -> None:
        self.cable.seen.append((self.command, self.path))
        fault = self.cable.next_fault(self.command, self.path)
        size = int(self.headers.get("content-length", 0))
        if fault and fault.waits:
            fault.waits.wait(60)
        if fault and fault.breaks and size:
            self.rfile.read(size // 2)
            return self.hang_up()
        body = self.rfile.read(size)
        if fault and fault.status:
            return self.answer(fault.status, {}, fault.body)
        status, headers, answer = self.ask(body)
        if fault and fault.loses:
            return self.hang_up()
        self.answer(status, headers, answer, cut=bool(fault and fault.breaks))
        return None

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on

    def ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(urlsplit(self.cable.target).netloc, timeout=60)
        try:
            connection.request(self.command, self.path, body or None, dict(self.headers))
            told = connection.getresponse()
            return told.status, dict(told.getheaders()), told.read()
        finally:
            connection.close()

    def answer(self, status: int, headers: dict[str, str], body: bytes, *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in HELD and name.lower() not in ("server", "date"):
                self.send_header(name, value)
        length = headers.get("Content-Length", headers.get("content-length", str(len(body))))
        self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.hang_up()

    def hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def cable(target: str) -> Iterator[Cable]:
    """A cable to this address, for as long as the context is open."""
    made = Cable(target)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Line", (Line,), {"cable": made}))
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="cable")
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
