"""What nobody foresaw is answered inside of what sets headers: Starlette's own handler is around all of it."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Unexpected:
    """Middleware: an exception that nobody handled is answered by `answer`, or ends an answer that has begun."""

    def __init__(self, api: ASGIApp, answer: Callable[[Request, Exception], Response]) -> None:
        self._api = api
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._api(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._api(scope, receive, watched)
        except Exception as error:
            if begun:
                raise  # too late to say so: the server breaks off, and the client sees that some is missing
            await self._answer(Request(scope), error)(scope, receive, send)
