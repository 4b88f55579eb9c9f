"""Who is there to run the jobs of each queue, and who of them is deaf: alive, but not reached by any ring."""

from collections.abc import Sequence
from dataclasses import dataclass

from tolva.db.pool import Connection
from tolva.jobs.sql import SQL


@dataclass(frozen=True)
class Attendance:
    """A queue: the ids of its living workers, for those that are deaf the different reasons, and how many jobs wait.

    `jobs` are of all tenants, for now or for later, and counted up to 10,000.
    """

    queue: str
    workers: frozenset[str]
    deaf: tuple[str, ...]
    jobs: int


def attendance(conn: Connection, queues: Sequence[str]) -> list[Attendance]:
    """Who serves these queues, in their order. Raises DatabaseUnavailable."""
    rows = conn.execute(SQL["attendance"], {"queues": list(queues)}).fetchall()
    return [Attendance(row["queue"], frozenset(row["workers"]), tuple(row["deaf"]), row["jobs"]) for row in rows]
