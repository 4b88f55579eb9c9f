"""The head of a request is small and comes soon: who opens connections and says nothing must not keep them."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST = 20.0
"""Seconds from the connection, or from a request's first byte on one that is kept, to the end of its head."""
MOST = 64 * 1024
"""Bytes of a head, about: some more of the last piece may be of its body."""
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class RequestHead(HttpToolsProtocol):
    """uvicorn's protocol, which by itself waits for ever and keeps what it is sent."""

    _wait: asyncio.TimerHandle | None = None
    _received = 0
    _asked = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody connects, and is to say what they want."""
        super().connection_made(transport)
        self._wait = self.loop.call_later(LONGEST, self._give_up)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._received = 0
        if self._wait is None:
            self._wait = self.loop.call_later(LONGEST, self._give_up)

    def data_received(self, data: bytes) -> None:
        """Some of a request."""
        super().data_received(data)
        if self._wait is not None:
            self._received += len(data)
            if self._received > MOST:
                self.send_400_response(f"The head of a request may have at most {MOST // 1024} kB.")

    def on_headers_complete(self) -> None:
        """The end of the head."""
        self._stop_waiting()
        self._asked = True
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end of the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        # Browsers connect ahead of time and say nothing: no answer to no question. Nor one in the middle of another.
        if self._received and not self._asked:
            self.transport.write(TOO_SLOW)
        self.transport.close()

    def _stop_waiting(self) -> None:
        if self._wait is not None:
            self._wait.cancel()
            self._wait = None
