"""Rings after a commit: one for each queue that got work."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from psycopg.rows import DictRow

from tolva.core.job import JobId
from tolva.core.ports import Engine

Ring = tuple[str, JobId]
"""A queue that has work now, and the job that brought it: to be rung once the transaction is committed."""


def rings(rows: Iterable[DictRow]) -> list[Ring]:
    """The rings among the answers of one of the functions in the database."""
    return [(row["queue"], JobId(row["job_id"])) for row in rows if row["rings"]]


def send_rings(engine: Engine, to_ring: Sequence[Ring]) -> None:
    """Ring each queue once, and wake those who watch. Call it after the commit that moved jobs, never before."""
    hints: defaultdict[str, list[JobId]] = defaultdict(list)
    for queue, job in to_ring:
        hints[queue].append(job)
    for queue, jobs in hints.items():
        engine.ring(queue, jobs)
    engine.announce()
