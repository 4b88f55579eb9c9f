"""Whether the processes of a crew hear their broker, by what comes of it: one may be alive, connected, and deaf."""

import threading
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue

from tolva.core.ports import Engine
from tolva.db.pool import Database
from tolva.errors import BrokerUnavailable
from tolva.jobs.sql import SQL

EVERY = 5.0
"""Seconds between two looks."""
LONG = 15.0
"""Seconds that a ready job may wait while processes for it are idle. With two looks, deafness is known within 30."""
RETURN = 40.0
"""Seconds for which processes may miss a broker that is back: Celery waits for up to 30 between two tries."""
PATIENCE = 1.0
"""Seconds that the broker is asked: whoever asks has leases to prolong."""


class Listening:
    """Of a crew that serves these queues."""

    def __init__(self, db: Database, engine: Engine, queues: Sequence[str]) -> None:
        self._db = db
        self._engine = engine
        self._queues = list(queues)
        self._next_look = 0.0
        self._reason: str | None = None
        self._seen_before = False
        self._away_at = float("-inf")

    def deaf(self, idle: bool) -> str | None:
        """Why no rings are heard, as known at the last look. `idle`: whether a process of the crew has nothing to do.

        Raises DatabaseUnavailable.
        """
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + EVERY
            waits = self._waits_long() if idle else None
            depth = self._asked(waits or self._queues[0])
            said = self._said_of(waits, depth) if waits else None
            self._reason = said if self._seen_before else None
            self._seen_before = waits is not None
        return self._reason

    def _waits_long(self) -> str | None:
        """A queue in which a job has been ready for long."""
        with self._db.connection() as conn:
            rows = conn.execute(SQL["waiting_queues"], {"queues": self._queues}).fetchall()
        return next((row["queue"] for row in rows if row["seconds"] < -LONG), None)

    def _said_of(self, queue: str, depth: int | str) -> str:
        if isinstance(depth, str):
            return depth
        if time.monotonic() - self._away_at < RETURN:
            return (
                f"The broker of queue {queue} was away: within {RETURN:g} s the processes find it again by themselves."
            )
        return (
            f"Jobs of queue {queue} have been ready for more than {LONG:g} s, {'' if depth else 'no '}rings lie there, "
            "and processes are idle: they do not hear it. Start this worker again."
        )

    def _asked(self, queue: str) -> int | str:
        """The rings that lie unheard, or why nobody knows. Remembers when the broker was away."""
        answers = SimpleQueue[int | str]()
        # A daemon, since a broker that hangs must not hold up the end of this process either.
        threading.Thread(target=lambda: answers.put(self._depth(queue)), daemon=True).start()
        try:
            answer = answers.get(timeout=PATIENCE)
        except Empty:
            answer = f"The broker of queue {queue} does not answer within {PATIENCE:g} s."
        if isinstance(answer, str):
            self._away_at = time.monotonic()
        return answer

    def _depth(self, queue: str) -> int | str:
        try:
            return self._engine.depth(queue) or 0
        except BrokerUnavailable as error:
            return str(error)
