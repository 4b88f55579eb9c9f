"""Dependencies of endpoints: the caller, if the role is enough."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPBearer
from starlette.requests import HTTPConnection

from tolva.web.access.caller import Caller, Role
from tolva.web.access.gate import COOKIE, Gate

SCHEMES = (
    Security(HTTPBearer(auto_error=False, description="A key: `tolva key create` makes one.")),
    Security(APIKeyHeader(name="X-API-Key", auto_error=False, description="The same key, for clients without Bearer.")),
    Security(APIKeyCookie(name=COOKIE, auto_error=False, description="The login of the dashboard.")),
)
"""The ways to say who calls, for the API's documentation; the gate does the work."""


def _caller(request: HTTPConnection) -> Caller:
    gate: Gate = request.app.state.gate
    return gate.caller(request)


def _with(role: Role) -> Callable[[Caller], Caller]:
    def caller(found: Annotated[Caller, Depends(_caller)]) -> Caller:
        found.require(role)
        return found

    return caller


Viewer = Annotated[Caller, Depends(_with(Role.VIEWER))]
"""Whoever may see."""
Operator = Annotated[Caller, Depends(_with(Role.OPERATOR))]
"""Whoever may upload and steer jobs."""
Admin = Annotated[Caller, Depends(_with(Role.ADMIN))]
"""Whoever may change keys, schemas, schedules and webhooks."""
