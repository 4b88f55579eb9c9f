"""Bodies of calls are small and come soon. Those with a file have limits of their own: `multipart` lifts these."""

import asyncio
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tolva.errors import InvalidInput, TolvaError, TooLarge
from tolva.web.faults import fault_of

MOST = 1024**2
"""Bytes of a body without a file."""
LONGEST = 60.0
"""Seconds from the first look for such a body to its end."""
UNLIMITED = "tolva.unlimited_body"


def lift_limits(scope: MutableMapping[str, Any]) -> None:
    """Whoever reads the body from here on minds its size and its silences."""
    scope[UNLIMITED] = True


class Bodies:
    """Middleware: a body that is too large or does not come is refused, whatever the endpoint makes of the error."""

    def __init__(self, api: ASGIApp) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._api(scope, receive, send)
            return
        body = _Body(scope, receive, send)
        try:
            await self._api(scope, body.receive, body.send)
        except TolvaError as error:
            if error is not body.fault:
                raise
        if body.fault is not None:
            await fault_of(body.fault).document()(scope, receive, send)


class _Body:
    """The body of one request, and the answer to it: none but ours when it was refused."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._received = 0
        self._ended = self._begun = False
        self._deadline: float | None = None
        self.fault: TolvaError | None = None

    async def receive(self) -> Message:
        """The next piece. Raises TooLarge, InvalidInput for a silence."""
        if self._ended or self._scope.get(UNLIMITED):
            return await self._receive()
        try:
            message = await self._next()
        except TimeoutError:
            raise self._refused(InvalidInput("The body of the request did not come. Send it again.")) from None
        self._received += len(message.get("body", b""))
        if self._received > MOST or _announced(self._scope) > MOST:
            raise self._refused(TooLarge(f"The body may have at most {MOST // 1024**2} MB; files are sent as uploads."))
        return message

    async def _next(self) -> Message:
        self._deadline = self._deadline or asyncio.get_running_loop().time() + LONGEST
        async with asyncio.timeout_at(self._deadline):
            message = await self._receive()
        self._ended = not message.get("more_body")
        return message

    def _refused(self, fault: TolvaError) -> TolvaError:
        # An answer that has begun cannot be taken back: then the error alone ends it.
        self.fault = None if self._begun else fault
        return fault

    async def send(self, message: Message) -> None:
        """Passes on the endpoint's answer, unless ours takes its place."""
        if self.fault is None:
            self._begun = True
            await self._send(message)


def _announced(scope: Scope) -> int:
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(length) if length.isdigit() else 0
