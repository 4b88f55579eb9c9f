"""A client that is still sending when its request is refused gets to read why.

A connection that is closed with unread bytes is reset, and the answer is lost with it: a browser would show a network
error instead of the reason. So what still comes is read and thrown away, for a while, before the answer ends.
"""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST = 30.0
"""Seconds that the rest of a body is waited for, in all."""
SILENCE = 5.0
"""Seconds without a byte after which nobody is sending any more."""


class Linger:
    """Middleware: an answer ends when the body of its request has, or nobody sends it (any more)."""

    def __init__(self, api: ASGIApp) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or not _announces_a_body(scope):
            await self._api(scope, receive, send)
            return
        ended = False
        coming = not _waits_to_be_asked(scope)

        async def watched() -> Message:
            nonlocal ended, coming
            coming = True
            message = await receive()
            ended = not message.get("more_body")  # and so with a client that is gone
            return message

        async def rest() -> None:
            while not ended:
                async with asyncio.timeout(SILENCE):
                    await watched()

        async def patient(message: Message) -> None:
            if ended or not coming or message["type"] != "http.response.body" or message.get("more_body"):
                await send(message)
                return
            last = message
            if message.get("body"):  # an answer without any (204) must not become a stream, which gzip would fill
                await send({**message, "more_body": True})
                last = {"type": "http.response.body"}
            with suppress(TimeoutError):  # enough waited: nobody reads, or sends, any more, and the answer is sent
                async with asyncio.timeout(LONGEST):
                    await rest()
            await send(last)

        await self._api(scope, watched, patient)


def _announces_a_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


def _waits_to_be_asked(scope: Scope) -> bool:
    """Whether no body comes unless somebody receives it."""
    return any(name == b"expect" and value.lower() == b"100-continue" for name, value in scope["headers"])
