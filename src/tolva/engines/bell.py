"""Where idle slots wait for the ring of their queue."""

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

Answer = Callable[[bool], None]
"""Called when somebody has looked through the queue after the ring came; False when that failed."""


@dataclass
class _Line:
    """The slots of one queue."""

    rung: threading.Condition = field(default_factory=threading.Condition)
    count: int = 0
    idle: int = 0
    unheard: list[Answer] = field(default_factory=list[Answer])


class Bell:
    """Counts rings by queue, so that one that comes while a slot is busy is heard afterwards."""

    def __init__(self) -> None:
        self._lines: defaultdict[str, _Line] = defaultdict(_Line)
        self.closed = False
        """Whether `close` was called."""

    def ring(self, queue: str, jobs: int, answer: Answer | None = None) -> None:
        """Wake as many idle slots of this queue as there are jobs. The first that hears owes the answer."""
        line = self._lines[queue]
        with line.rung:
            line.count += 1
            if answer is not None:
                line.unheard.append(answer)
            line.rung.notify(jobs)

    def close(self) -> None:
        """Wake everybody for good."""
        self.closed = True
        for line in list(self._lines.values()):
            with line.rung:
                line.rung.notify_all()

    def hear(self, queue: str) -> tuple[int, list[Answer]]:
        """How often the queue was rung so far, and the answers that whoever looks through it now will owe."""
        line = self._lines[queue]
        with line.rung:
            owed, line.unheard = line.unheard, []
            return line.count, owed

    def wait(self, queue: str, heard: int) -> None:
        """Until the queue is rung more often than `heard`, or the bell is closed."""
        line = self._lines[queue]
        with line.rung:
            line.idle += 1
            line.rung.notify_all()  # whoever waits for an idle slot
            line.rung.wait_for(lambda: self.closed or line.count > heard)
            line.idle -= 1

    def idle(self, queue: str, patience: float) -> int:
        """How many slots wait for a ring, as soon as some do; 0 after `patience` in seconds, or when it is closed."""
        line = self._lines[queue]
        with line.rung:
            line.rung.wait_for(lambda: self.closed or (line.idle and not line.unheard), patience)
            return 0 if self.closed or line.unheard else line.idle
