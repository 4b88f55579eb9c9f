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
from dataclasses import dataclass, field

from tolva.core.job import Claimed, JobId, Verb
from tolva.core.ports import Engine, RunNext
from tolva.db.pool import Database
from tolva.errors import LeaseLost, TryLater
from tolva.jobs.crew import crew_of
from tolva.jobs.heartbeat import Heartbeat
from tolva.jobs.meter import JobMeter
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.rings import send_rings
from tolva.jobs.shift import Shift
from tolva.jobs.worker import TOLD_TO_END

log = logging.getLogger(__name__)

MOST_TOLD = 20
"""Jobs of one look that are named."""

PATIENCE = 30.0
"""Seconds for which PostgreSQL, and the companion, are waited for at the start."""
PAUSE = 0.2
"""Seconds between two tries."""

OpenPlan = Callable[[], AbstractContextManager[WorkerPlan]]
"""The plan of this process, with the database that it needs running for as long as the context is open."""


@dataclass(frozen=True)
class Look:
    """What came of one look through a queue: attempts that ran, the ids of the first jobs, whether there is more."""

    ran: int
    jobs: list[JobId]
    more: bool


@dataclass
class _Tally(threading.local):
    """What this thread has run since somebody asked."""

    ran: int = 0
    jobs: list[JobId] = field(default_factory=list[JobId])


class _TellingMeter(JobMeter):
    """Also remembers which jobs began."""

    def __init__(self) -> None:
        super().__init__()
        self._tally = _Tally()

    def began(self, job: Claimed) -> None:
        super().began(job)
        self._tally.ran += 1
        if len(self._tally.jobs) < MOST_TOLD:
            self._tally.jobs.append(job.id)

    def look(self, more: bool) -> Look:
        """What ran in this thread since the last call."""
        look = Look(self._tally.ran, self._tally.jobs, more)
        self._tally.ran, self._tally.jobs = 0, []
        return look


@dataclass(frozen=True)
class _Work:
    """A process at work."""

    run_next: RunNext
    shift: Shift
    engine: Engine
    meter: _TellingMeter


class Hosted:
    """The own process as a worker. Opened where it is first used: no fork may share it."""

    def __init__(self, open_plan: OpenPlan, slots: int) -> None:
        self._open_plan = open_plan
        self._slots = slots
        self._opening = threading.Lock()
        self._open = ExitStack()
        self._work: _Work | None = None
        self._meter = _TellingMeter()

    def look(self, queue: str) -> Look:
        """Run ready jobs of a queue for a while. Raises TryLater."""
        work = self._begun()
        try:
            more = work.run_next(queue)
        except LeaseLost as error:
            log.error("%s; this process begins anew", error)
            self._leave(work)
            more = True
        if more:
            work.engine.ring(queue, [JobId("")])  # rather than to go on here: other queues may wait for this process
        return work.meter.look(more)

    def begin(self) -> None:
        """Register now, rather than with the first look, so that everybody sees who is there."""
        give_up, hindrance = time.monotonic() + PATIENCE, self._hindrance()
        while hindrance and time.monotonic() < give_up:
            time.sleep(PAUSE)
            hindrance = self._hindrance()
        if hindrance:
            log.warning("%s Trying again with the first ring.", hindrance)

    def drain(self, patience: float) -> None:
        """Take no further jobs; those that still run after `patience` in seconds stop at their next checkpoint."""
        if work := self._work:
            work.shift.stop()
            work.shift.drain(patience)

    def _leave(self, lost: _Work) -> None:
        """Another thread may have begun anew since."""
        if self._work is lost:
            self.close()

    def close(self) -> None:
        """Give back what still runs, and leave. A further look begins anew."""
        with self._opening:
            self._work = None
            self._open.close()

    def _hindrance(self) -> TryLater | None:
        try:
            self._begun()
        except TryLater as error:
            return error
        return None

    def _begun(self) -> _Work:
        with self._opening:
            if self._work is None:
                with ExitStack() as opening:
                    self._work = self._begin(opening)
                    self._open = opening.pop_all()
            return self._work

    def _begin(self, opening: ExitStack) -> _Work:
        plan = opening.enter_context(self._open_plan())
        db = opening.enter_context(plan.database(f"tolva hosted {os.getpid()}", self._slots))
        engine = opening.enter_context(closing(plan.make_engine(db)))
        worker_id = opening.enter_context(_joined(db, plan, engine))
        shift = Shift(db, worker_id, plan.make_catalogue(), engine, self._meter)
        return _Work(opening.enter_context(shift.begun()), shift, engine, self._meter)


@contextmanager
def _joined(db: Database, plan: WorkerPlan, engine: Engine) -> Generator[str]:
    """A worker of the crew, until the context ends. Raises TryLater."""
    with closing(Heartbeat(db, plan.queue_names, plan.lease, crew_of(os.getppid()))) as heartbeat:
        if not heartbeat.has_companion():
            raise TryLater("Nobody beats for this process yet: its companion has not begun.")
        worker_id = heartbeat.join()
    try:
        yield worker_id
    finally:
        with closing(Heartbeat(db, plan.queue_names, plan.lease)) as heartbeat:
            try:
                rings = heartbeat.leave(worker_id, Verb.RELEASE, TOLD_TO_END)
                send_rings(engine, rings)
            except TryLater as error:
                log.warning("%s The jobs of this process go on when its lease has run out.", error)
