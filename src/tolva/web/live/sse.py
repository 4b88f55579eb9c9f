"""A stream as server-sent events."""

import asyncio
from collections.abc import Callable

from fastapi import Response
from starlette.types import Receive, Scope, Send

from tolva.web.connection import cut_of
from tolva.web.live.hub import Hub
from tolva.web.live.opening import Opening

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would gather events before it passes them on
]
RETRY = b"retry: 1000\n\n"
HEARTBEAT = b":\n\n"


class EventStream(Response):
    """Answers with a stream until it ends, in one task besides the one that hears when the client leaves."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, opening: Opening) -> None:
        super().__init__()
        self._hub = hub
        self._opening = opening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer."""
        with self._hub.stream(self._opening, cut_of(scope)) as stream:
            listening = asyncio.create_task(_listen(receive, stream.reader.leave))
            try:
                await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
                await send(_body(RETRY))
                async for batch in stream.batches():
                    await send(_body(b"".join(message.sse for message in batch) or HEARTBEAT))
                await send({"type": "http.response.body"})
            finally:
                listening.cancel()


def _body(data: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": data, "more_body": True}


async def _listen(receive: Receive, left: Callable[[], None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    left()
