"""The id of a request: the one that it brings, or a new one. It is answered, logged, and told in problems of ours."""

import re

import uuid_utils
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tolva.logs import log_context

HEADER = b"x-request-id"
SANE = re.compile(rb"[A-Za-z0-9._-]{1,64}")
ANSWERS = ("http.response.start", "websocket.accept", "websocket.http.response.start")


class RequestId:
    """Middleware for requests and WebSockets."""

    def __init__(self, api: ASGIApp) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            await self._api(scope, receive, send)
            return
        id = _given(scope) or str(uuid_utils.uuid7())

        async def named(message: Message) -> None:
            if message["type"] in ANSWERS:
                message = {**message, "headers": [*message.get("headers", ()), (HEADER, id.encode())]}
            await send(message)

        with log_context(request_id=id):
            await self._api(scope, receive, named)


def _given(scope: Scope) -> str | None:
    """The id that the request brings, if it is one that a log can hold.

    >>> _given({"headers": [(b"x-request-id", b"a-1")]})
    'a-1'
    >>> _given({"headers": [(b"x-request-id", b"two words")]})
    """
    value = next((value for name, value in scope["headers"] if name == HEADER), b"")
    return value.decode() if SANE.fullmatch(value) else None
