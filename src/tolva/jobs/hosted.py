"""Jobs in a process that another program started, say Celery's or Dramatiq's, which hands it the rings.

The process registers as a worker of its crew; the crew's companion beats for it (see `companion`). When it was frozen
for so long that it lost its lease, it registers anew.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass

from tolva.core.job import JobId, Verb
from tolva.core.ports import Engine, RunNext
from tolva.db.pool import Database
from tolva.errors import LeaseLost, TryLater
from tolva.jobs.crew import crew_of, member
from tolva.jobs.heartbeat import Heartbeat
from tolva.jobs.look import Look, TellingMeter
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.reasons import TOLD_TO_END
from tolva.jobs.rings import send_rings
from tolva.jobs.shift import Shift

log = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds for which PostgreSQL, and the companion, are waited for before a ring is refused."""
PAUSE = 0.2
"""Seconds between two tries."""
AWAY = 1.0
"""Seconds after a look that was hindered: else all rings would be used up at once, with a line in the log for each."""

OpenPlan = Callable[[], AbstractContextManager[WorkerPlan]]
"""The plan of this process, with the database that it needs running for as long as the context is open."""


@dataclass(frozen=True)
class _Work:
    """A process at work."""

    run_next: RunNext
    shift: Shift
    engine: Engine
    meter: TellingMeter


class Hosted:
    """The own process as a worker. Opened where it is first used: no fork may share it."""

    def __init__(self, open_plan: OpenPlan, slots: int) -> None:
        self._open_plan = open_plan
        self._slots = slots
        self._opening = threading.Lock()
        self._open = ExitStack()
        self._work: _Work | None = None
        self._companion = 0
        self._draining = threading.Event()
        self._meter = TellingMeter()

    def look(self, queue: str) -> Look:
        """Run ready jobs of a queue for a while, where nothing hinders it. If something does, upkeep rings again."""
        try:
            return self._look(queue)
        except TryLater as error:
            log.warning("queue %s: %s", queue, error)
            self._draining.wait(AWAY)
            return Look(0, [], hindrance=str(error))

    def _look(self, queue: str) -> Look:
        work = self._registered()
        try:
            more = work.run_next(queue)
        except LeaseLost as error:
            log.error("%s; this process begins anew", error)
            self._leave(work)
            more = True
        if more:
            work.engine.ring(queue, [JobId("")])  # rather than to go on here: other queues may wait for this process
        return work.meter.look()

    def begin(self) -> TryLater | None:
        """Register now, rather than with the first look, so that everybody sees who is there; else, what hinders it."""
        try:
            self._registered()
        except TryLater as hindrance:
            log.warning("%s Trying again with the first ring.", hindrance)
            return hindrance
        return None

    @property
    def is_forsaken(self) -> bool:
        """Whether the companion with which it registered has ended."""
        return bool(self._companion) and member(self._companion, os.getppid()) is None

    def drain(self, patience: float) -> None:
        """Take no further jobs; those that still run after `patience` in seconds stop at their next checkpoint."""
        self._draining.set()
        with self._opening:  # one that is beginning has begun by then, and is told, too
            work = self._work
        if work is not None:
            work.shift.stop()
            work.shift.drain(patience)

    def _leave(self, lost: _Work) -> None:
        """Another thread may have begun anew since."""
        with self._opening:
            if self._work is lost:
                self._end()

    def close(self) -> None:
        """Give back what still runs, and leave. A further look begins anew."""
        with self._opening:
            self._end()

    def _end(self) -> None:
        self._work = None
        self._open.close()

    def _registered(self) -> _Work:
        """Begin, where that has not been done. Raises TryLater when it has failed for long, or is no use any more."""
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                return self._begun()
            except TryLater:
                if time.monotonic() > give_up or self._draining.wait(PAUSE):
                    raise

    def _begun(self) -> _Work:
        with self._opening:
            if self._work is None:
                if self._draining.is_set():
                    raise TryLater("This process is told to end; another hears the ring again.")
                with ExitStack() as opening:
                    self._work = self._begin(opening)
                    self._open = opening.pop_all()
            return self._work

    def _begin(self, opening: ExitStack) -> _Work:
        plan = opening.enter_context(self._open_plan())
        db = opening.enter_context(plan.database(f"tolva hosted {os.getpid()}", self._slots))
        engine = opening.enter_context(closing(plan.make_engine(db)))
        worker_id, self._companion = opening.enter_context(_joined(db, plan, engine))
        shift = Shift(db, worker_id, plan.make_catalogue(), engine, self._meter)
        return _Work(opening.enter_context(shift.begun()), shift, engine, self._meter)


@contextmanager
def _joined(db: Database, plan: WorkerPlan, engine: Engine) -> Generator[tuple[str, int]]:
    """A worker of the crew, until the context ends, and the process that beats for it. Raises TryLater."""
    with closing(Heartbeat(db, plan.queue_names, plan.lease, crew_of(os.getppid()))) as heartbeat:
        companion = heartbeat.companion()
        worker_id = heartbeat.join()
    try:
        yield worker_id, companion
    finally:
        with closing(Heartbeat(db, plan.queue_names, plan.lease)) as heartbeat:
            try:
                rings = heartbeat.leave(worker_id, Verb.RELEASE, TOLD_TO_END)
                send_rings(engine, rings)
            except TryLater as error:
                log.warning("%s The jobs of this process go on when its lease has run out.", error)
