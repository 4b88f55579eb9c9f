"""Errors as pages, for whoever asked for one."""

from http import HTTPStatus
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from tolva.errors import TolvaError
from tolva.web.access.gate import Gate
from tolva.web.pages.entry import to
from tolva.web.pages.shell import Shell
from tolva.web.problems import AsPage


def fault_pages(shell: Shell, gate: Gate) -> AsPage:
    """What answers an error with a page where a browser asked for one, and with None elsewhere."""

    def as_page(request: Request, status: int, detail: str) -> Response | None:
        if not _wants_page(request):
            return None
        if status == HTTPStatus.UNAUTHORIZED:
            return _to_login(request)
        try:
            by = gate.caller(request)
        except TolvaError:  # the page then has no navigation
            by = None
        return shell.page(request, by, "problem.html", status, detail=detail)

    return as_page


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def _to_login(request: Request) -> Response:
    """To the login, and from there back to what was to be read."""
    back = request.url.path if request.method == "GET" else "/"
    query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
    login = f"/login?next={quote(back + query)}"
    if request.headers.get("hx-request"):
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": login})
    return to(login)
