"""Rings by LISTEN and NOTIFY, between any processes that share the database."""

import logging
import threading
import time
from collections.abc import Sequence

from tolva.core.job import JobId
from tolva.core.ports import QueueSlots, RunNext
from tolva.db.faults import translated
from tolva.db.pool import Connection, Database
from tolva.engines.silent import Silent
from tolva.engines.slots import MANY, POLL, Slots
from tolva.errors import TryLater
from tolva.jobs.sql import SQL
from tolva.settings import Settings

log = logging.getLogger(__name__)

CHANNEL = "tolva_rings"
LISTEN_STEP = 0.2
"""Seconds of listening after which the end of the worker is noticed."""


class PostgresEngine(Silent):
    """Needs nothing but the database that holds the jobs."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._slots = Slots()
        self._stopped = threading.Event()
        self._deaf: str | None = None

    def ring(self, queue: str, hints: Sequence[JobId]) -> None:
        """Notify the listeners. When that fails, they find the work at their next look."""
        try:
            with self._db.connection() as conn:
                conn.execute(SQL["notify"], {"channel": CHANNEL, "payload": f"{len(hints) or MANY} {queue}"})
        except TryLater as error:
            log.warning("ring of queue %s for %s was lost: %s", queue, ", ".join(hints[:3]), error)
        except Exception:
            # Whoever rings has committed already and must not hear of it.
            log.exception("ring of queue %s for %s was lost", queue, ", ".join(hints[:3]))

    def serve(self, queues: Sequence[QueueSlots], run_next: RunNext) -> None:
        """Run the slots as threads, and listen in this one."""
        self._slots.start(queues, run_next)
        self._listen([each.queue for each in queues])
        self._slots.join()

    def stop(self) -> None:
        """Take no further jobs."""
        self._stopped.set()
        self._slots.stop()

    def depth(self, queue: str) -> int | None:
        """PostgreSQL keeps no rings for those who do not listen."""
        return None

    def deaf(self) -> str | None:
        """Why the listener has no connection."""
        return self._deaf

    def close(self) -> None:
        """Nothing is left to send."""

    def _listen(self, queues: list[str]) -> None:
        while not self._stopped.is_set():
            try:
                with translated(), self._db.dedicated("listener") as conn:
                    self._hear(conn, queues)
            except TryLater as error:
                self._deaf = f"PostgreSQL does not answer: {error}"
                log.warning("cannot hear rings: %s", error)
                self._stopped.wait(POLL)
            except Exception:
                log.exception("cannot hear rings")  # a process that lives must not be deaf: listen again
                self._stopped.wait(POLL)

    def _hear(self, conn: Connection, queues: list[str]) -> None:
        conn.execute(f"LISTEN {CHANNEL}")
        self._deaf = None
        while not self._stopped.is_set():
            next_look = time.monotonic() + self._slots.ring_ready(conn, queues)
            while not self._stopped.is_set() and (left := next_look - time.monotonic()) > 0:
                for notice in conn.notifies(timeout=min(left, LISTEN_STEP)):
                    jobs, _, queue = notice.payload.partition(" ")
                    if queue in queues and jobs.isdecimal():
                        self._slots.ring(queue, int(jobs))


def make(_settings: Settings, db: Database) -> PostgresEngine:
    """The engine of these settings."""
    return PostgresEngine(db)
