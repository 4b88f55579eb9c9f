"""Who may read the detail of a job's error: whoever mends things. It may name hosts, folders, logins and statements."""

from tolva.core.job import Json
from tolva.jobs.failure import without_detail
from tolva.web.access.caller import Caller, Role


def error_for(by: Caller, error: Json | None) -> Json | None:
    """The error of a job as `by` may read it."""
    return error if by.role.covers(Role.OPERATOR) else without_detail(error)
