"""What the API said to the script of a page, in the language of the page."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse
from starlette.requests import Request
from starlette.responses import Response

from tolva.web.access.asking import Viewer
from tolva.web.pages.sentences import LONGEST
from tolva.web.pages.shell import Shell


def translate_router(shell: Shell) -> APIRouter:
    """`GET /translate`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/translate")
    def translate(request: Request, _by: Viewer, text: Annotated[str, Query(max_length=LONGEST)]) -> Response:
        return PlainTextResponse(shell.translate(request, text))

    return router
