"""What must be done again and again, by whichever worker comes first: rescue, re-ring, schedules, pruning.

Every worker does the chores. Each is made of single statements that hold their locks, if any, only while they run, so
no worker that freezes or dies in the middle can hold up the others; two that do the same at once do no harm.
"""

import logging
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from tolva.core.job import JobId
from tolva.core.ports import Engine
from tolva.db.pool import Database
from tolva.errors import TryLater, WorkerLost
from tolva.jobs.clock import JumpingClock
from tolva.jobs.endings import MOST_LOSSES
from tolva.jobs.failure import error_json
from tolva.jobs.firing import fire_due
from tolva.jobs.loops import kept_going
from tolva.jobs.rings import rings, send_rings
from tolva.jobs.sql import SQL
from tolva.jobs.work import Jobs

log = logging.getLogger(__name__)

LOST = error_json(WorkerLost("The worker fell silent: it was killed, frozen, or cut off."))
RING_AGAIN = 1.0
"""Seconds between two rings of a queue in which ready jobs wait: theirs may have been lost, or their time has come."""
RARE = 60.0
"""Seconds between two times of a chore from which on it is a rare one."""
FAREWELL = 5.0
"""Seconds that a chore under way may take at the end."""
PORTION = 2000
"""Jobs deleted in one statement."""


@dataclass(frozen=True)
class Chore:
    """Something to do every `every` seconds. It returns whether there is more to do at once."""

    name: str
    every: float
    do: Callable[[], bool]


def standard_chores(jobs: Jobs, queues: Sequence[str], *, keep_finished: float, keep_failed: float) -> list[Chore]:
    """The chores of the job core. `keep_…` in seconds."""
    db, engine = jobs.db, jobs.engine
    return [
        Chore("rescue", 1.0, Rescue(db, engine, JumpingClock()).look),
        Chore("schedules", 1.0, lambda: fire_due(jobs)),
        Chore("ring again", RING_AGAIN, RingAgain(db, engine, queues).look),
        Chore("prune", 600.0, lambda: prune(db, keep_finished, keep_failed)),
    ]


def keep_up(chores: Sequence[Chore], stop: threading.Event) -> None:
    """Do the chores, each in its rhythm, until `stop` is set. A chore that fails is tried again in its rhythm."""
    due = {chore.name: time.monotonic() for chore in chores}
    while not stop.wait(max(0.0, min(due.values()) - time.monotonic())):
        for chore in chores:
            if due[chore.name] <= time.monotonic():
                due[chore.name] = time.monotonic() + (0.0 if _do(chore, stop) else chore.every)


@contextmanager
def kept_up(chores: Sequence[Chore]) -> Generator[None]:
    """Threads do the chores for as long as the context is open.

    The rare ones have a thread of their own: they may take long, say where a bucket hangs, and jobs are waiting for
    the others. Neither is waited for for long at the end: a statement that is broken off there is done by the next.
    """
    often, rare = [each for each in chores if each.every < RARE], [each for each in chores if each.every >= RARE]
    halves = {"upkeep": often, "rare upkeep": rare}
    with kept_going({name: partial(keep_up, half) for name, half in halves.items() if half}, FAREWELL):
        yield


def _do(chore: Chore, stop: threading.Event) -> bool:
    try:
        return chore.do()
    except Exception as error:
        if not stop.is_set():  # else, what it needs has been closed under it
            known = isinstance(error, TryLater)
            level, trace = (logging.WARNING, None) if known else (logging.ERROR, error)
            log.log(level, "upkeep, %s: %s", chore.name, error, exc_info=trace)
    return False


class Rescue:
    """Gives back the jobs of workers that have lost their lease. It never does so at its first look at the clock."""

    def __init__(self, db: Database, engine: Engine, clock: JumpingClock) -> None:
        self._db = db
        self._engine = engine
        self._clock = clock

    def look(self) -> bool:
        """Whether there was anything to rescue. Raises DatabaseUnavailable."""
        latest = self._clock.latest()
        with self._db.connection() as conn:
            row = conn.execute(SQL["clock"]).fetchone()
            assert row is not None, "a function's value is a row"
            jump = self._clock.look(row["now"])
            if jump:
                log.warning("PostgreSQL's clock jumped by %+.0f s; every worker has a full lease from now on", jump)
            given = {"reason": LOST, "most_losses": MOST_LOSSES, "jump": jump, "latest": latest}
            rows = conn.execute(SQL["rescue"], given).fetchall() if latest else []
        self._clock.allow()
        for lost in rows:
            log.warning("job %s was rescued from a lost worker; it is %s now", lost["job_id"], lost["state"])
        send_rings(self._engine, rings(rows))
        return bool(rows)


class RingAgain:
    """Rings the queues in which ready jobs wait: once where they do so newly, then for many."""

    def __init__(self, db: Database, engine: Engine, queues: Sequence[str]) -> None:
        self._db = db
        self._engine = engine
        self._queues = list(queues)
        self._waited: set[str] = set()

    def look(self) -> bool:
        """Never more to do at once. Raises DatabaseUnavailable."""
        with self._db.connection() as conn:
            rows = conn.execute(SQL["waiting_queues"], {"queues": self._queues}).fetchall()
        waiting = {row["queue"] for row in rows if row["seconds"] <= 0}
        for queue in sorted(waiting):
            # Most often it is one job, just made, and on its way to a worker.
            self._engine.ring(queue, [] if queue in self._waited else [JobId("")])
        self._waited = waiting
        return False


def prune(db: Database, keep_finished: float, keep_failed: float) -> bool:
    """Delete a portion of the jobs that have outlived their time."""
    with db.connection() as conn:
        row = conn.execute(SQL["prune"], {"finished": keep_finished, "failed": keep_failed, "most": PORTION}).fetchone()
    return bool(row and row["jobs"] == PORTION)
