"""How the queues stand for a tenant, and how fast they go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg.rows import DictRow

from tolva.db.pool import Connection
from tolva.jobs.counted import Counted, counted
from tolva.jobs.sql import SQL

MOST_COUNTED = 100_000
"""Jobs that are counted one by one."""
MOST_OF_MINUTE = 10_000
"""Jobs of a queue that are counted for each minute of a chart."""
MINUTES = 60
"""Of the chart."""


@dataclass(frozen=True)
class Ended:
    """How many jobs came to an end in a span of time. `asked` are those of the failed that left a question open."""

    completed: Counted
    failed: Counted
    asked: Counted

    @property
    def broken(self) -> Counted:
        """The failed ones that asked nothing; all of them where they are too many to tell."""
        return self.failed.without(self.asked.number)


@dataclass(frozen=True)
class QueueState:
    """A queue as a tenant sees it. `ready` could start now, `scheduled` waits for its time, `waiting` for children."""

    name: str
    paused_at: datetime | None
    paused_by: Literal["installation", "tenant"] | None
    """Who is held back: everybody, or this tenant alone."""
    ready: Counted
    scheduled: Counted
    running: Counted
    waiting: Counted
    oldest_wait: float | None
    """Seconds since the first of the ready jobs was ready."""
    next_run: datetime | None
    """When the first of the scheduled jobs is ready."""
    last_minute: Ended
    last_hour: Ended
    weight: float
    """Turns against other tenants' 1."""
    rate: float | None
    """Jobs that may start in a second; None is any number."""
    burst: float | None
    """Jobs that may start at once after a pause, where there is a rate."""


@dataclass(frozen=True)
class Minute:
    """How many jobs of a tenant were done, failed, or left a question open, in a minute.

    Of each queue MOST_OF_MINUTE at most.
    """

    minute: datetime
    completed: int
    failed: int
    asked: int


def queue_states(conn: Connection) -> list[QueueState]:
    """Every queue by its name, with the jobs of the transaction's tenant."""
    rows = conn.execute(SQL["queue_states"], {"most": MOST_COUNTED + 1}).fetchall()
    return [_state(row) for row in rows]


def throughput(conn: Connection, *, without: Sequence[str] = ()) -> list[Minute]:
    """The last hour of the transaction's tenant, with this minute; `without` some queues."""
    given = {"minutes": MINUTES, "most": MOST_OF_MINUTE, "without": list(without)}
    rows = conn.execute(SQL["throughput"], given).fetchall()
    return [Minute(**row) for row in rows]


def _state(row: DictRow) -> QueueState:
    first = row["first_queued"]
    is_ready = first is not None and first <= row["now"]
    return QueueState(
        row["name"],
        row["paused_at"],
        row["paused_by"],
        *(counted(row[name], MOST_COUNTED) for name in ("ready", "scheduled", "running", "waiting")),
        oldest_wait=(row["now"] - first).total_seconds() if is_ready else None,
        next_run=row["next_run"],
        last_minute=_ended(row, "last_minute"),
        last_hour=_ended(row, "last_hour"),
        weight=row["weight"],
        rate=row["rate"],
        burst=row["burst"],
    )


def _ended(row: DictRow, span: str) -> Ended:
    return Ended(*(counted(row[f"{state}_{span}"], MOST_COUNTED) for state in ("completed", "failed", "asked")))
