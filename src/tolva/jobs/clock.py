"""PostgreSQL's clock beside this process's own, which nobody sets: leases and limits outlast a clock that jumps.

Somebody sets it, it is corrected after a night without network, or the machine was suspended: none of these is a
reason to take all workers for dead, or all jobs for late.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

TOLERANCE = 2.0
"""Seconds by which the two may differ between two looks: the way of the answer, and clocks that are being adjusted."""


class JumpingClock:
    """Sees jumps of PostgreSQL's clock between two looks at it."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._theirs: datetime | None = None
        self._ours = 0.0
        self._jumped = 0.0

    def look(self, theirs: datetime) -> float:
        """How many seconds it jumped since `allow` was last called; 0 when it did not, and at the first look.

        >>> ours = iter([0.0, 1.0, 2.0])
        >>> clock, noon = JumpingClock(lambda: next(ours)), datetime(2026, 11, 28, 12)
        >>> [clock.look(noon + timedelta(seconds=after)) for after in (0, 1, 3602)]
        [0.0, 0.0, 3600.0]
        """
        ours, before = self._monotonic(), self._theirs
        passed = ours - self._ours
        self._theirs, self._ours = theirs, ours
        if before is None:
            return 0.0
        jump = (theirs - before).total_seconds() - passed
        self._jumped += jump if abs(jump) > TOLERANCE else 0.0
        return self._jumped

    def allow(self) -> None:
        """What was to be done about the jump is done."""
        self._jumped = 0.0

    def latest(self) -> datetime | None:
        """What it can show at most by now, unless it jumps; None before the first look."""
        if self._theirs is None:
            return None
        return self._theirs + timedelta(seconds=self._monotonic() - self._ours + TOLERANCE)
