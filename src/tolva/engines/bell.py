"""Where idle slots wait for the ring of their queue."""

import threading
from collections import defaultdict


class Bell:
    """Counts rings by queue, so that one that comes while a slot is busy is heard afterwards."""

    def __init__(self) -> None:
        self._rung = threading.Condition()
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._closed = False

    def ring(self, queue: str) -> None:
        """Wake whoever waits for this queue."""
        with self._rung:
            self._counts[queue] += 1
            self._rung.notify_all()

    def close(self) -> None:
        """Wake everybody for good."""
        with self._rung:
            self._closed = True
            self._rung.notify_all()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def heard(self, queue: str) -> int:
        """How often the queue was rung so far."""
        return self._counts[queue]

    def wait(self, queue: str, heard: int) -> None:
        """Until the queue is rung more often than `heard`, or the bell is closed."""
        with self._rung:
            self._rung.wait_for(lambda: self._closed or self._counts[queue] > heard)
