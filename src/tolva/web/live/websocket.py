"""A stream as WebSocket messages."""

import asyncio
from contextlib import aclosing, suppress

from fastapi import WebSocket, WebSocketDisconnect
from fastapi.websockets import WebSocketState

from tolva.web.live.hub import Hub
from tolva.web.live.opening import Opening
from tolva.web.live.stream import Stream
from tolva.web.server.connection import cut_of

ENDED = 1000
RESTART = 1012
"""Come again: this process goes down."""


async def converse(websocket: WebSocket, hub: Hub, opening: Opening) -> None:
    """Send a stream until it ends. What the client sends is thrown away; the server's pings keep both sides awake."""
    await websocket.accept()
    with hub.stream(opening, cut_of(websocket.scope)) as stream, suppress(WebSocketDisconnect):
        listening = asyncio.create_task(_listen(websocket, stream))
        try:
            await _send(websocket, stream)
            if websocket.application_state is WebSocketState.CONNECTED:
                await websocket.close(ENDED if stream.at_end else RESTART)
        finally:
            listening.cancel()


async def _send(websocket: WebSocket, stream: Stream) -> None:
    async with aclosing(stream.batches()) as batches:
        async for batch in batches:
            for text in [message.text for message in batch]:
                await websocket.send_text(text)
                del text
            del batch  # nothing is kept for this client while it waits for more


async def _listen(websocket: WebSocket, stream: Stream) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
    stream.reader.leave()
