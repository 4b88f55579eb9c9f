"""A stream as server-sent events."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing

from fastapi import Response
from starlette.types import Receive, Scope, Send

from tolva.web.live.hub import Hub
from tolva.web.live.message import Message
from tolva.web.live.opening import Opening
from tolva.web.server.connection import cut_of

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would gather events before it passes them on
]
RETRY = b"retry: 1000\n\n"
HEARTBEAT = b":\n\n"


Tell = Callable[[Sequence[Message]], Awaitable[bytes]]
"""What is sent for some messages; none of them is a heartbeat."""


async def as_events(batch: Sequence[Message]) -> bytes:
    """Each message as an event of its own."""
    return b"".join(message.sse for message in batch) or HEARTBEAT


class EventStream(Response):
    """Answers with a stream until it ends, in one task besides the one that hears when the client leaves."""

    def __init__(self, hub: Hub, opening: Opening, tell: Tell = as_events) -> None:
        super().__init__()
        self._hub = hub
        self._opening = opening
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer."""
        with self._hub.stream(self._opening, cut_of(scope)) as stream:
            listening = asyncio.create_task(_listen(receive, stream.reader.leave))
            try:
                await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
                await send(_body(RETRY))
                async with aclosing(stream.batches()) as batches:
                    async for batch in batches:
                        await send(_body(await self._tell(batch)))
                        del batch  # nothing is kept for this client while it waits for more
                await send({"type": "http.response.body"})
            finally:
                listening.cancel()


def _body(data: bytes) -> dict[str, object]:
    return {"type": "http.response.body", "body": data, "more_body": True}


async def _listen(receive: Receive, left: Callable[[], None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    left()
