"""What became of each request, told once it is over: to the log, and to whoever counts."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROBES = ("/health", "/ready", "/metrics")
"""Asked by machines, every few seconds."""
OTHER = "other"
"""Instead of what anybody could make up, so that figures have no end of labels."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WEBSOCKET"})
NO_ANSWER, SWITCHED, REFUSED = 500, 101, 403


@dataclass(frozen=True)
class Exchange:
    """`path` as it came, without its query; `route` is the template of it; `size` in bytes of the answer."""

    method: str
    path: str
    route: str
    status: int
    seconds: float
    size: int


Report = Callable[[Exchange], None]


class Exchanges:
    """Middleware: calls each report at the end of a request, a stream or a WebSocket."""

    def __init__(self, api: ASGIApp, reports: Sequence[Report]) -> None:
        self._api = api
        self._reports = reports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self._api(scope, receive, send)
            return
        began, status, size = time.perf_counter(), NO_ANSWER, 0

        async def watched(message: Message) -> None:
            nonlocal status, size
            status = _status(message, status)
            size += len(message.get("body") or message.get("bytes") or message.get("text") or "")
            await send(message)

        try:
            await self._api(scope, receive, watched)
        finally:
            exchange = Exchange(*_asked(scope), status, time.perf_counter() - began, size)
            for report in self._reports:
                report(exchange)


def is_probe(path: str) -> bool:
    """Whether machines ask for it all the time, so that nobody wants to read of it.

    >>> is_probe("/ready"), is_probe("/static/page.css"), is_probe("/api/v1/uploads")
    (True, True, False)
    """
    return path in PROBES or path.startswith("/static/")


def _status(message: Message, before: int) -> int:
    match message["type"]:
        case "http.response.start" | "websocket.http.response.start":
            return message["status"]
        case "websocket.accept":
            return SWITCHED
        case "websocket.close" if before != SWITCHED:
            return REFUSED
        case _:
            return before


def _asked(scope: Scope) -> tuple[str, str, str]:
    """Method, path and route. The path as it came over the wire: it holds no line break."""
    method = scope.get("method", "WEBSOCKET")
    path = (scope.get("raw_path") or scope["path"].encode()).partition(b"?")[0].decode("latin-1")
    route = getattr(scope.get("route"), "path", OTHER)
    return method if method in METHODS else OTHER, path, route
