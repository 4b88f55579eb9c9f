"""Where idle slots wait for the ring of their queue."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field


@dataclass
class _Line:
    """The slots of one queue."""

    rung: threading.Condition = field(default_factory=threading.Condition)
    count: int = 0


class Bell:
    """Counts rings by queue, so that one that comes while a slot is busy is heard afterwards."""

    def __init__(self) -> None:
        self._lines: defaultdict[str, _Line] = defaultdict(_Line)
        self.closed = False
        """Whether `close` was called."""

    def ring(self, queue: str, jobs: int) -> None:
        """Wake as many idle slots of this queue as there are jobs."""
        line = self._lines[queue]
        with line.rung:
            line.count += 1
            line.rung.notify(jobs)

    def close(self) -> None:
        """Wake everybody for good."""
        self.closed = True
        for line in list(self._lines.values()):
            with line.rung:
                line.rung.notify_all()

    def heard(self, queue: str) -> int:
        """How often the queue was rung so far."""
        return self._lines[queue].count

    def wait(self, queue: str, heard: int) -> None:
        """Until the queue is rung more often than `heard`, or the bell is closed."""
        line = self._lines[queue]
        with line.rung:
            line.rung.wait_for(lambda: self.closed or line.count > heard)
