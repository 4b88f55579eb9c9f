"""The API's documentation to try out, from files of our own: no other host is asked."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from tolva.web.pages.assets import static_url

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tolva API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{styles}">
<script src="{swagger}" defer></script>
<script src="{script}" defer></script>
<div id="docs" data-openapi="/openapi.json"></div>
<noscript>The description that this page shows is at <a href="/openapi.json">/openapi.json</a>.</noscript>
</html>
"""


def docs_router() -> APIRouter:
    """`GET /docs`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    def docs() -> HTMLResponse:
        return HTMLResponse(
            PAGE.format(
                styles=static_url("vendor/swagger-ui.css"),
                swagger=static_url("vendor/swagger-ui-bundle.js"),
                script=static_url("docs.js"),
            )
        )

    return router
