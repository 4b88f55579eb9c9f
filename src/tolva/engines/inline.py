"""Runs jobs in the process that makes them, as threads: one process for everything, where memory is scarce."""

import threading
from collections.abc import Sequence

from tolva.core.job import JobId
from tolva.core.ports import QueueSlots, RunNext
from tolva.db.pool import Database
from tolva.engines.silent import Silent
from tolva.engines.slots import MANY, Slots
from tolva.settings import Settings


class InlineEngine(Silent):
    """A ring stays in this process. Jobs that another process made are found at the next look."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._slots = Slots()
        self._stopped = threading.Event()

    def ring(self, queue: str, hints: Sequence[JobId]) -> None:
        """Wake the slots of this process. Where it serves no queue, the ring is lost, as any ring may be."""
        self._slots.ring(queue, len(hints) or MANY)

    def serve(self, queues: Sequence[QueueSlots], run_next: RunNext) -> None:
        """Run the slots as threads, and look out for jobs in this one."""
        self._slots.start(queues, run_next)
        names = [each.queue for each in queues]
        while not self._stopped.is_set():
            self._stopped.wait(self._slots.look(self._db, names))
        self._slots.join()

    def stop(self) -> None:
        """Take no further jobs."""
        self._stopped.set()
        self._slots.stop()

    def depth(self, queue: str) -> int | None:
        """Rings are heard at once or not at all."""
        return None

    def deaf(self) -> str | None:
        """It hears itself."""
        return None

    def close(self) -> None:
        """Nothing is left to send."""


def make(_settings: Settings, db: Database) -> InlineEngine:
    """The engine of these settings."""
    return InlineEngine(db)
