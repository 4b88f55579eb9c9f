"""Jobs that were fetched ahead, because those before them were shorter than a trip to PostgreSQL."""

import time
from collections import deque
from collections.abc import Iterable

from tolva.core.job import Claimed

LEAST_INTERVAL = 0.02
"""Seconds from one trip to the next below which the next one brings more."""
MOST_INTERVAL = 0.06
"""Seconds above which it brings less: a stock delays whoever is more urgent by about as much."""
LARGEST = 500
STALE = 0.5
"""Seconds after which an unused job is given back: every slot is busy with something long, or was frozen."""


class Stock:
    """The jobs of one queue that are at hand. It learns from the rhythm of the trips how many are of use."""

    def __init__(self) -> None:
        self._jobs: deque[Claimed] = deque()
        self._size = 0
        self._asked_at = 0.0
        self._filled_at = 0.0

    def take(self) -> Claimed | None:
        """The next job, if there is one."""
        return self._jobs.popleft() if self._jobs else None

    def wanted(self, asking: int) -> int:
        """How many jobs the next trip should bring beyond those that are asked for now."""
        now = time.monotonic()
        interval, self._asked_at = now - self._asked_at, now
        if interval < LEAST_INTERVAL:
            self._size = min(2 * self._size + asking, LARGEST)
        elif interval > MOST_INTERVAL:
            self._size //= 2
        return self._size

    def fill(self, jobs: Iterable[Claimed], *, was_enough: bool) -> None:
        """Put jobs in stock. `was_enough`: the queue had no more, so there is nothing to fetch ahead."""
        self._jobs.extend(jobs)
        self._filled_at = time.monotonic()
        if was_enough:
            self._size = 0

    def stale(self) -> list[Claimed]:
        """Take out what has lain for too long, and fetch no more ahead for now."""
        if not self._jobs or time.monotonic() - self._filled_at < STALE:
            return []
        self._size = 0
        return self.empty()

    def empty(self) -> list[Claimed]:
        """Take out everything."""
        jobs = list(self._jobs)
        self._jobs.clear()
        return jobs
