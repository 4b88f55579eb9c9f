"""What came of one look of a process through a queue, for whoever watches the program that started the process."""

import threading
from dataclasses import dataclass, field

from tolva.core.job import Claimed, JobId
from tolva.jobs.meter import JobMeter

MOST_TOLD = 20
"""Jobs of one look that are named."""


@dataclass(frozen=True)
class Look:
    """Attempts that ran, the ids of the first jobs, and why there are no more, where something hindered it."""

    ran: int
    jobs: list[JobId]
    hindrance: str | None = None


@dataclass
class _Tally(threading.local):
    """What this thread has run since somebody asked."""

    ran: int = 0
    jobs: list[JobId] = field(default_factory=list[JobId])


class TellingMeter(JobMeter):
    """Also remembers which jobs began."""

    def __init__(self) -> None:
        super().__init__()
        self._tally = _Tally()

    def began(self, job: Claimed) -> None:
        """An attempt begins."""
        super().began(job)
        self._tally.ran += 1
        if len(self._tally.jobs) < MOST_TOLD:
            self._tally.jobs.append(job.id)

    def look(self) -> Look:
        """What ran in this thread since the last call."""
        look = Look(self._tally.ran, self._tally.jobs)
        self._tally.ran, self._tally.jobs = 0, []
        return look
