"""How fast a running job goes, and how long it will take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from psycopg.rows import DictRow

from tolva.core.job import State
from tolva.db.pool import Connection
from tolva.jobs.sql import SQL

MOST_REPORTS = 60
"""Reports that are looked at: some seconds' worth."""
LONG_AGO = timedelta(seconds=60)
"""What was reported before tells nothing of the present."""

Report = tuple[datetime, float]
"""When, and how many units (rows, files …) were done by then."""


@dataclass(frozen=True)
class Pace:
    """Units a second, and the seconds that are left, where the total is known."""

    rate: float
    left: float | None


def pace_of(conn: Connection, job: DictRow) -> Pace | None:
    """The pace of a job (a whole row, of the transaction's tenant); None when it does not run, or tells too little."""
    if job["state"] != State.RUNNING:
        return None
    rows = conn.execute(SQL["latest_progress"], {"id": job["id"], "most": MOST_REPORTS}).fetchall()
    total = job["progress"].get("total")
    return pace([(row["at"], row["done"]) for row in rows], total, datetime.now(UTC))


def pace(newest_first: Sequence[Report], total: float | None, now: datetime) -> Pace | None:
    """What the last reports come to.

    >>> noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
    >>> pace([(noon, 300.0), (noon - timedelta(seconds=2), 100.0)], 500, noon)
    Pace(rate=100.0, left=2.0)
    >>> pace([(noon, 300.0)], 500, noon) is None
    True
    """
    recent = [report for report in newest_first if report[0] > now - LONG_AGO]
    if len(recent) < 2:
        return None
    (last, done), (first, before) = recent[0], recent[-1]
    seconds = (last - first).total_seconds()
    if seconds <= 0 or done <= before:
        return None
    rate = (done - before) / seconds
    return Pace(rate, max(total - done, 0) / rate if total else None)
