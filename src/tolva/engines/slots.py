"""The slots of a process: threads that run jobs whenever their queue is rung."""

import logging
import threading
from collections.abc import Sequence

from tolva.core.ports import QueueSlots, RunNext
from tolva.db.pool import Connection, Database
from tolva.engines.bell import Answer, Bell
from tolva.errors import LeaseLost, TryLater
from tolva.jobs.sql import SQL

log = logging.getLogger(__name__)

MANY = 1000
"""How many jobs to expect when nobody counted them."""
POLL = 1.0
"""Seconds between two looks at the queues when no ring is heard."""


class Slots:
    """Idle until rung. Polling makes up for lost rings, and for jobs whose time has come."""

    def __init__(self) -> None:
        self._bell = Bell()
        self._threads: list[threading.Thread] = []

    def start(self, queues: Sequence[QueueSlots], run_next: RunNext) -> None:
        """Start the threads."""
        self._threads = [
            threading.Thread(target=self._work, args=(each.queue, run_next), name=f"{each.queue} {number}", daemon=True)
            for each in queues
            for number in range(each.slots)
        ]
        for thread in self._threads:
            thread.start()

    def ring(self, queue: str, jobs: int, answer: Answer | None = None) -> None:
        """Wake as many idle slots of this queue as there are jobs; see `Bell.ring`."""
        self._bell.ring(queue, jobs, answer)

    def idle(self, queue: str, patience: float) -> int:
        """How many slots of a queue have nothing to do; see `Bell.idle`."""
        return self._bell.idle(queue, patience)

    def ring_ready(self, conn: Connection, queues: Sequence[str]) -> float:
        """Ring the queues that have work; returns the seconds until the next look."""
        rows = conn.execute(SQL["waiting_queues"], {"queues": list(queues)}).fetchall()
        for row in rows:
            if row["seconds"] <= 0:
                self.ring(row["queue"], MANY)
        ahead = [row["seconds"] for row in rows if row["seconds"] > 0]
        return min([POLL, *ahead])

    def look(self, db: Database, queues: Sequence[str]) -> float:
        """The same over a connection of the pool, whatever happens: a process that lives must go on looking."""
        try:
            with db.connection() as conn:
                return self.ring_ready(conn, queues)
        except TryLater as error:
            log.warning("cannot look for jobs: %s", error)
        except Exception:
            log.exception("cannot look for jobs")
        return POLL

    def stop(self) -> None:
        """Take no further jobs."""
        self._bell.close()

    def join(self) -> None:
        """Wait until the last slot has ended."""
        for thread in self._threads:
            thread.join()

    def _work(self, queue: str, run_next: RunNext) -> None:
        owed: list[Answer] = []
        while not self._bell.closed:
            heard, more = self._bell.hear(queue)
            owed += more
            looked = False
            try:
                if run_next(queue):
                    continue
                looked = True
            except LeaseLost as error:
                log.error("queue %s: %s; this slot takes no more jobs", queue, error)
                break
            except TryLater as error:
                log.warning("queue %s: %s", queue, error)
            except Exception:
                log.exception("queue %s", queue)  # a fault of our own; the slot goes on with the next ring
            _answer(owed, looked)
            self._bell.wait(queue, heard)
        _answer(owed, False)


def _answer(owed: list[Answer], looked: bool) -> None:
    for answer in owed:
        answer(looked)
    owed.clear()
