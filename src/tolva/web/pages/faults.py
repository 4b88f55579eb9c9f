"""Errors as pages, for whoever asked for one."""

import re
from http import HTTPStatus
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from tolva.web.access.gate import COOKIE, Gate
from tolva.web.answering import AsPage
from tolva.web.pages.entry import local, to
from tolva.web.pages.known import known_caller
from tolva.web.pages.shell import Shell

ORIGIN = r"^[a-z]+://[^/]*"
"""What comes before the path of an address."""


def fault_pages(shell: Shell, gate: Gate) -> AsPage:
    """What answers an error with a page where a browser asked for one, and with None elsewhere."""

    def as_page(request: Request, status: int, detail: str) -> Response | None:
        if not _wants_page(request):
            return None
        if status == HTTPStatus.UNAUTHORIZED:
            return _to_login(request)
        return shell.page(request, known_caller(gate, request), "problem.html", status, detail=detail)

    return as_page


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def _back(request: Request) -> str:
    """What is asked for; the page around it where that is a fragment."""
    if "hx-request" in request.headers:
        return local(re.sub(ORIGIN, "", request.headers.get("hx-current-url", "")))
    if request.method != "GET":
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _to_login(request: Request) -> Response:
    """To the login, and from there back to what was to be read. Whoever was logged in hears that it is over.

    What a page asks for later keeps the status: a live stream cannot be sent elsewhere, and the page is loaded anew.
    """
    over = "&over=1" if COOKIE in request.cookies else ""
    login = f"/login?next={quote(_back(request))}{over}"
    if "hx-request" in request.headers:
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": login})
    return to(login)
