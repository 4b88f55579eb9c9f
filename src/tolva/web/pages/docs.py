"""The API's documentation to try out, from files of our own: no other host is asked."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tolva.web.access.gate import Gate
from tolva.web.pages.known import known_caller
from tolva.web.pages.shell import Shell


def docs_router(shell: Shell, gate: Gate) -> APIRouter:
    """`GET /docs`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    def docs(request: Request) -> Response:
        return shell.page(request, known_caller(gate, request), "docs.html")

    return router
