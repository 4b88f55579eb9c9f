"""What nobody foresaw is logged once, and told without its words, which may hold what others must not see."""

import logging
from http import HTTPStatus

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tolva.web.answering import AsPage
from tolva.web.problems import Fault

log = logging.getLogger(__name__)


class Unexpected:
    """Middleware: an exception that nobody handled becomes a problem document or a page, or breaks off the answer.

    Inside the middleware that sets headers, where Starlette's own handler would be outside of it.
    """

    def __init__(self, api: ASGIApp, as_page: AsPage) -> None:
        self._api = api
        self._as_page = as_page

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
        except Exception:
            if begun:
                raise  # too late to say so: the server breaks off, and the client sees that some is missing
            log.exception("%s %s failed", scope["method"], scope["path"])
            answer = await run_in_threadpool(self._answer, Request(scope))
            await answer(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        detail = "An internal error. The log of the server has it."
        fault = Fault(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", detail)
        return self._as_page(request, fault.status, fault.detail) or fault.document()
