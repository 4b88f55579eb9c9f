"""Runs jobs in the process that made them, at once. For tests, scripts, and services without workers."""

import logging
from collections.abc import Sequence

from tolva.core.job import JobId
from tolva.core.ports import QueueSlots, RunNext
from tolva.db.pool import Database
from tolva.errors import TolvaError

log = logging.getLogger(__name__)


class InlineEngine:
    """A ring runs the queue empty, in the thread that rings."""

    def __init__(self, _db: Database) -> None:
        self._run_next: RunNext | None = None
        self._queues: frozenset[str] = frozenset()

    def ring(self, queue: str, hints: Sequence[JobId]) -> None:
        """Run whatever is ready in the queue. Before `serve` was called, a ring is lost, as any ring may be."""
        try:
            while self._run_next is not None and queue in self._queues and self._run_next(queue):
                pass
        except TolvaError as error:
            # Whoever rings has committed already and must not hear of it.
            log.warning("ring of queue %s for %s was lost: %s", queue, ", ".join(hints[:3]), error)
        except Exception:
            log.exception("ring of queue %s for %s was lost", queue, ", ".join(hints[:3]))

    def serve(self, queues: Sequence[QueueSlots], run_next: RunNext) -> None:
        """From now on rings run jobs. Returns at once: there is nobody to wait for."""
        self._queues = frozenset(slots.queue for slots in queues)
        self._run_next = run_next

    def stop(self) -> None:
        """Rings are lost from now on."""
        self._run_next = None
