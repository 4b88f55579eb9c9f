"""What the runner counts."""

from functools import cache

from tolva.core.job import Claimed
from tolva.jobs.verdict import ENDS
from tolva.metrics import counter, histogram

BOUNDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)
"""Seconds: jobs take from a moment to an hour."""


class JobMeter:
    """Counts the attempts of one process; make it once. Jobs that end without an attempt do not come by here."""

    def __init__(self) -> None:
        attempt = ("queue", "kind", "outcome")
        waits = histogram("tolva_job_wait_seconds", "From ready until claimed.", ["queue"], BOUNDS)
        durations = histogram("tolva_job_duration_seconds", "Attempts, by how they ended.", attempt, BOUNDS)
        finished = counter("tolva_jobs_finished_total", "Jobs that an attempt brought to their end.", attempt)
        # Looking up the labels takes as long as counting, and short jobs come by thousands of times a second.
        self._wait = cache(waits.labels)
        self._duration = cache(durations.labels)
        self._finish = cache(finished.labels)

    def began(self, job: Claimed) -> None:
        """An attempt begins."""
        self._wait(job.queue).observe(job.waited)

    def ended(self, job: Claimed, word: str, seconds: float) -> None:
        """It has ended with this verdict."""
        self._duration(job.queue, job.kind, word).observe(seconds)
        if word in ENDS:
            self._finish(job.queue, job.kind, word).inc()
