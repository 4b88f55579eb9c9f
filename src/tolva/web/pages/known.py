"""Who calls, for pages that are shown to anybody: with the navigation for whoever is known."""

from starlette.requests import Request

from tolva.errors import TolvaError
from tolva.web.access.caller import Caller
from tolva.web.access.gate import Gate


def known_caller(gate: Gate, request: Request) -> Caller | None:
    """The caller, or None where there is none, or it cannot be found out: the page is shown all the same."""
    try:
        return gate.caller(request)
    except TolvaError:
        return None
