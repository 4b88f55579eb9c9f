"""The HTTP server: uvicorn, as we need it."""

import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from tolva.web.server.connection import Connection
from tolva.web.server.handshake import Handshake

MOST_HEARD = 4096
"""Bytes of a WebSocket message: we read none."""


class Server(uvicorn.Server):
    """When it is to stop, it first ends what would go on for ever."""

    def __init__(self, config: uvicorn.Config, end: Callable[[], None]) -> None:
        super().__init__(config)
        self._end = end

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A second Ctrl-C asks for nothing new: answers that are under way have their time, and no more than that."""
        super().handle_exit(signal.SIGTERM, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then wait for the other answers."""
        self._end()
        await super().shutdown(sockets)


def make_server(api: FastAPI, end: Callable[[], None], **options: Any) -> Server:
    """A server of this API. `end` ends its streams; `options` are uvicorn's."""
    config = uvicorn.Config(
        api,
        http=Connection,
        ws=Handshake,
        ws_max_size=MOST_HEARD,
        ws_per_message_deflate=False,  # takes more memory for each connection than all the rest
        log_config=None,
        log_level=max(logging.INFO, logging.getLogger().level),  # below it, WebSockets log keys and cookies
        **options,
    )
    return Server(config, end)
