"""Rings after a commit: one for each queue that got work."""

from collections import defaultdict
from collections.abc import Sequence

from tolva.core.job import JobId
from tolva.core.ports import Engine
from tolva.jobs.store import Ring


def send_rings(engine: Engine, to_ring: Sequence[Ring]) -> None:
    """Ring each queue once. Call it after the commit that made the jobs ready, never before."""
    hints: defaultdict[str, list[JobId]] = defaultdict(list)
    for queue, job in to_ring:
        hints[queue].append(job)
    for queue, jobs in hints.items():
        engine.ring(queue, jobs)
