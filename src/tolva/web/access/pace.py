"""How often somebody may call: a bucket of tokens for each, which fills again with time. In this process alone."""

import threading
import time

from tolva.errors import RateLimited

BURST = 4.0
"""Seconds' worth of calls that may come at once."""
MOST = 10_000
"""Callers that are remembered. Whoever has not called for longest is forgotten, and begins with a full bucket."""


class Pace:
    """At most so many calls a second of each caller; 0 is no limit."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, who: str) -> None:
        """Count a call. Raises RateLimited, which says when the next one may come."""
        if self._per_second:
            with self._lock:
                left = self._taken(who, time.monotonic())
            self._require(left)

    def check(self, who: str) -> None:
        """Count nothing. Raises RateLimited where a call would be refused."""
        if self._per_second:
            with self._lock:
                left = self._held(who, time.monotonic()) - 1
            self._require(left)

    def _taken(self, who: str, now: float) -> float:
        """What is left after one more call; below 0, the call is refused, and costs nothing."""
        held = self._held(who, now)
        self._buckets.pop(who, None)
        self._buckets[who] = (held if held < 1 else held - 1, now)  # at the end: the first is who was silent longest
        if len(self._buckets) > MOST:
            del self._buckets[next(iter(self._buckets))]
        return held - 1

    def _held(self, who: str, now: float) -> float:
        most = max(1.0, self._per_second * BURST)
        before, at = self._buckets.get(who, (most, now))
        return refilled(before, now - at, self._per_second, most)

    def _require(self, left: float) -> None:
        if left < 0:
            raise RateLimited(
                f"Too many calls: {self._per_second:g} a second may come (TOLVA_REQUESTS_PER_SECOND). Wait a moment.",
                retry_after=-left / self._per_second,
            )


def refilled(held: float, seconds: float, per_second: float, most: float) -> float:
    """What a bucket holds after a while.

    >>> refilled(1.0, 2.0, per_second=3.0, most=12.0), refilled(1.0, 60.0, per_second=3.0, most=12.0)
    (7.0, 12.0)
    """
    return min(most, held + seconds * per_second)
