"""A job as the API shows it."""

from datetime import UTC, datetime
from typing import Any

from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from tolva.core.job import State
from tolva.jobs.counted import Counted
from tolva.jobs.failure import without_detail
from tolva.jobs.waiting import Reason

ERROR = "`type` and `message`; for operators, where the message is general, `detail`; of a question, `answered_by`."
KEPT = ("kind", "queue", "label", "state", "priority", "attempt", "failures", "max_attempts", "progress", "result")
TIMES = ("created_at", "run_at", "started_at", "finished_at")
EXAMPLE: dict[str, Any] = {
    "id": "019ac1d2-7c4b-7f0e-a9d1-3f1c2b7a9e55",
    "kind": "bulk_upload",
    "queue": "bulk_upload",
    "label": "productos-enero.xlsx · PROV001",
    "state": "completed",
    "priority": 5,
    "attempt": 1,
    "failures": 0,
    "max_attempts": 3,
    "progress": {"total": 300, "processed": 300, "successful": 290, "failed": 10},
    "result": {"total": 300, "accepted": 290, "rejected": 10},
    "error": None,
    "parent_id": None,
    "undone_by": None,
    "cancel_requested": False,
    "created_at": "2026-11-28T14:30:00.250000+00:00",
    "run_at": "2026-11-28T14:30:00.250000+00:00",
    "started_at": "2026-11-28T14:30:00.310000+00:00",
    "finished_at": "2026-11-28T14:30:02.940000+00:00",
}


class Summary(BaseModel):
    """A job in a list. Of progress and result, what is short; of an error, its type and message."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    id: str
    kind: str
    queue: str
    label: str | None = Field(description="What people know it by, such as the name of a file and its supplier.")
    state: State
    priority: int
    attempt: int
    failures: int
    max_attempts: int
    progress: dict[str, Any]
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    parent_id: str | None
    undone_by: str | None = Field(description="The job that has put back all that it did.")
    cancel_requested: bool
    created_at: str
    run_at: str
    started_at: str | None
    finished_at: str | None


class Why(BaseModel):
    """Why a job that is queued does not run yet; `facts` depend on the code."""

    code: str
    facts: dict[str, Any]


class Job(Summary):
    """A job, whole."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE | {"seq": 12, "waits_for": None}})
    seq: int = Field(description="Number of its latest event: where a stream may go on (`?after=`).")
    waits_for: Why | None = None
    error: dict[str, Any] | None = Field(description=ERROR)


def job_view(row: DictRow) -> dict[str, Any]:
    """The job of a row of `tolva.jobs`, as JSON for every viewer. Times are ISO 8601, in UTC."""
    return summary_view(row) | {"seq": row["seq"]}


def summary_view(row: DictRow) -> dict[str, Any]:
    """The same of a row of a list."""
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in KEPT},
        "error": without_detail(row["error"]),
        "parent_id": row["parent_id"] and str(row["parent_id"]),
        "undone_by": row["undone_by"] and str(row["undone_by"]),
        "cancel_requested": row["cancel_requested_at"] is not None,
        **{name: row[name] and in_utc(row[name]) for name in TIMES},
    }


def why_view(reason: Reason | None) -> dict[str, Any] | None:
    """Why a job waits, as JSON."""
    if reason is None:
        return None
    return {"code": reason.code, "facts": {name: _plain(value) for name, value in reason.facts.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return in_utc(value)
    if isinstance(value, Counted):
        return {"number": value.number, "exact": value.exact}
    return value if isinstance(value, int | float | str | None) else str(value)


def in_utc(moment: datetime) -> str:
    """A time as the API writes it.

    >>> in_utc(datetime.fromisoformat("2026-11-28T09:30:00.250000-05:00"))
    '2026-11-28T14:30:00.250000+00:00'
    """
    return moment.astimezone(UTC).isoformat()
