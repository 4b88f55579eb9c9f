"""The API's documentation to try out, from files of our own: no other host is asked."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

STATIC = Path(__file__).with_name("static")
PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tolva API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{static}/vendor/swagger-ui.css">
<script src="{static}/vendor/swagger-ui-bundle.js" defer></script>
<script src="{static}/docs.js" defer></script>
<div id="docs" data-openapi="/openapi.json"></div>
<noscript>The description that this page shows is at <a href="/openapi.json">/openapi.json</a>.</noscript>
</html>
"""


class KeptFiles(StaticFiles):
    """Files whose path changes with the version: browsers may keep them."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        """One of them."""
        answer = super().file_response(*args, **more)
        answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer


def docs_router(version: str) -> APIRouter:
    """`GET /docs`, and the static files, whose path changes with the version."""
    router = APIRouter(include_in_schema=False)
    static = f"/static/{version}"
    router.mount(static, KeptFiles(directory=STATIC), name="static")

    @router.get("/docs")
    def docs() -> HTMLResponse:
        return HTMLResponse(PAGE.format(static=static))

    return router
