"""What the runner counts."""

from tolva.core.job import Claimed
from tolva.jobs.verdict import ENDS
from tolva.metrics import counter, histogram

BOUNDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)
"""Seconds: jobs take from a moment to an hour."""


class JobMeter:
    """Counts the attempts of one process; make it once. Jobs that end without an attempt do not come by here."""

    def __init__(self) -> None:
        attempt = ("queue", "kind", "outcome")
        self._waits = histogram("tolva_job_wait_seconds", "From ready until claimed.", ["queue"], BOUNDS)
        self._durations = histogram("tolva_job_duration_seconds", "Attempts, by how they ended.", attempt, BOUNDS)
        self._finished = counter("tolva_jobs_finished_total", "Jobs that an attempt brought to their end.", attempt)

    def began(self, job: Claimed) -> None:
        """An attempt begins."""
        self._waits.labels(job.queue).observe(job.waited)

    def ended(self, job: Claimed, word: str, seconds: float) -> None:
        """It has ended with this verdict."""
        self._durations.labels(job.queue, job.kind, word).observe(seconds)
        if word in ENDS:
            self._finished.labels(job.queue, job.kind, word).inc()
