"""WebSockets as uvicorn speaks them, with one line of the log for each: ours, at its end, refused ones too."""

import logging
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

log = logging.getLogger(__name__)
log.setLevel(logging.WARNING)  # below it, each is told when it opens and when it is refused


class Handshake(WebSocketsSansIOProtocol):
    """One that is refused with an answer has ended in order: uvicorn takes it for one that was forgotten."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = self.conn.logger = log

    async def send(self, message: Any) -> None:
        """Some of the application's answer."""
        await super().send(message)
        if self.close_sent:
            self.handshake_complete = True
