"""Why a job has not started: the first reason that holds, as a code and what belongs to it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from psycopg.rows import DictRow

from tolva.core.job import Json, State
from tolva.db.pool import Connection
from tolva.jobs.counted import counted
from tolva.jobs.sql import SQL

MOST_AHEAD = 1000
"""Jobs ahead that are counted one by one."""


class Wait(StrEnum):
    """What a job waits for; in brackets what the reason tells besides."""

    CHILDREN = "children"  # its children (open)
    SCHEDULED = "scheduled"  # its time (at)
    RETRY = "retry"  # the next try after a failure (at, failures, max_attempts, message)
    PAUSED = "paused"  # its queue, which somebody paused (queue, since)
    NO_WORKER = "no_worker"  # a worker: none of its queue is alive (queue)
    RATE_LIMIT = "rate_limit"  # the tenant's next token in the queue (queue, at)
    TURN = "turn"  # its turn (queue, priority, ahead: the tenant's ready jobs before it, Counted)


@dataclass(frozen=True)
class Reason:
    """A code, for whoever says it in words, and its facts."""

    code: Wait
    facts: Json = field(default_factory=dict[str, Any])


def why_waiting(conn: Connection, job: DictRow) -> Reason | None:
    """Why a job (a whole row, of the transaction's tenant) does not run; None for one that does, or has ended."""
    if job["state"] == State.WAITING:
        return Reason(Wait.CHILDREN, {"open": job["open_children"]})
    if job["state"] != State.QUEUED:
        return None
    line = conn.execute(SQL["line_of"], {"queue": job["queue"], "tenant_id": job["tenant_id"]}).fetchone()
    assert line is not None, "a list of values is a row"
    return _time(job, line["now"]) or _line(job["queue"], line) or _turn(conn, job)


def _time(job: DictRow, now: datetime) -> Reason | None:
    if job["run_at"] <= now:
        return None
    if not job["failures"]:
        return Reason(Wait.SCHEDULED, {"at": job["run_at"]})
    counts = {"failures": job["failures"], "max_attempts": job["max_attempts"]}
    message = job["error"]["message"] if job["error"] else ""
    return Reason(Wait.RETRY, {"at": job["run_at"], **counts, "message": message})


def _line(queue: str, line: DictRow) -> Reason | None:
    if line["paused_at"]:
        return Reason(Wait.PAUSED, {"queue": queue, "since": line["paused_at"]})
    if not line["manned"]:
        return Reason(Wait.NO_WORKER, {"queue": queue})
    if line["next_token"] and line["next_token"] > line["now"]:
        return Reason(Wait.RATE_LIMIT, {"queue": queue, "at": line["next_token"]})
    return None


def _turn(conn: Connection, job: DictRow) -> Reason:
    row = conn.execute(SQL["count_ahead"], {"id": job["id"], "most": MOST_AHEAD + 1}).fetchone()
    assert row is not None, "a function's value is a row"
    ahead = counted(row["jobs"], MOST_AHEAD)
    return Reason(Wait.TURN, {"queue": job["queue"], "priority": job["priority"], "ahead": ahead})
