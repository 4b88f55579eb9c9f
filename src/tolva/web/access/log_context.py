"""What the log tells of a request once it is known who calls: whose it is, and which job its address names."""

import re
from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from starlette.types import Scope

from tolva.logs import log_also
from tolva.web.access.caller import Caller

OF_A_JOB = re.compile(r"/(?:jobs|uploads|dead-letters)/\{(\w+)\}")
"""In the template of an address: what stands there is the id of a job."""


def bind_caller(caller: Caller, scope: Scope) -> None:
    """Every line about this request tells tenant, role and the id of the key: nothing that anybody could call by."""
    key = {"key": caller.key_id} if caller.key_id else {}
    log_also(tenant=caller.tenant_id, role=str(caller.role), **key, **job_named(scope))


def job_named(scope: Scope) -> Mapping[str, str]:
    """The job of an address. It is text of the client's: what is no id is not told.

    >>> class Route: path = "/api/v1/jobs/{id}/cancel"
    >>> job_named({"route": Route, "path_params": {"id": "01980A3C7D5E7B1A9C7E2F6D1B8A4E10"}})
    {'job': '01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10'}
    >>> job_named({"route": Route, "path_params": {"id": "two lines"}}), job_named({})
    ({}, {})
    """
    found = OF_A_JOB.search(getattr(scope.get("route"), "path", ""))
    with suppress(ValueError):
        return {"job": str(UUID(scope["path_params"][found[1]]))} if found else {}
    return {}
