"""A job as the API shows it."""

from datetime import UTC, datetime
from typing import Any

from psycopg.rows import DictRow

KEPT = ("kind", "queue", "label", "state", "priority", "attempt", "failures", "max_attempts", "progress", "result")
TIMES = ("created_at", "run_at", "started_at", "finished_at")


def job_view(row: DictRow) -> dict[str, Any]:
    """The job of a row of `tolva.jobs`, as JSON. Times are ISO 8601, in UTC."""
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in KEPT if name in row},
        "error": row["error"],
        "parent_id": row["parent_id"] and str(row["parent_id"]),
        "seq": row["seq"],
        "cancel_requested": row["cancel_requested_at"] is not None,
        **{name: row[name] and in_utc(row[name]) for name in TIMES},
    }


def in_utc(moment: datetime) -> str:
    """A time as the API writes it.

    >>> in_utc(datetime.fromisoformat("2026-11-28T09:30:00.250000-05:00"))
    '2026-11-28T14:30:00.250000+00:00'
    """
    return moment.astimezone(UTC).isoformat()
