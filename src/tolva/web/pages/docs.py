"""The API's documentation to try out, from files of our own: no other host is asked."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from tolva.web.headers import content_security_policy

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
POLICY = content_security_policy(style_src="'self' 'unsafe-inline'")
"""Swagger UI writes styles into its elements."""


def docs_router(version: str) -> APIRouter:
    """`GET /docs`, and the static files, whose path changes with the version."""
    router = APIRouter(include_in_schema=False)
    static = f"/static/{version}"
    router.mount(static, StaticFiles(directory=STATIC), name="static")

    @router.get("/docs")
    def docs() -> HTMLResponse:
        return HTMLResponse(PAGE.format(static=static), headers={"content-security-policy": POLICY})

    return router
