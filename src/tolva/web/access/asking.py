"""Dependencies of endpoints: the caller, if the role is enough."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Needs:
    """Whoever has this role, or one above it. The API's documentation reads it."""

    role: Role

    def __call__(self, found: Annotated[Caller, Depends(_caller)]) -> Caller:
        """The caller. Raises Forbidden."""
        found.require(self.role)
        return found


Viewer = Annotated[Caller, Depends(Needs(Role.VIEWER))]
"""Whoever may see."""
Operator = Annotated[Caller, Depends(Needs(Role.OPERATOR))]
"""Whoever may upload and steer jobs."""
Admin = Annotated[Caller, Depends(Needs(Role.ADMIN))]
"""Whoever may change keys, schemas, schedules and webhooks."""
