"""Which methods an address takes. The router itself knows of one of the calls that share an address."""

from collections.abc import Iterable

from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Match

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def allowed(request: HTTPConnection) -> dict[str, str]:
    """The header `Allow` of a refusal (405)."""
    return {"Allow": ", ".join(method for method in METHODS if _taken(request, request.app.routes, method))}


def _taken(request: HTTPConnection, routes: Iterable[BaseRoute], method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in routes)
