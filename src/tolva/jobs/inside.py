"""A worker inside a process that also does something else: threads, where `worker` has processes of its own.

Takes little memory and is easy to debug, and promises less: a C call that keeps the interpreter to itself for longer
than the lease, or a job that runs into its hard limit, ends the whole process. Its jobs go on when it is started again.
"""

import logging
import os
import threading
import time
from contextlib import closing

from tolva.core.job import JobId, Verb
from tolva.core.ports import Engine, ServingEngine
from tolva.errors import TryLater
from tolva.jobs.heartbeat import Heartbeat
from tolva.jobs.inbox import kept_open
from tolva.jobs.lifeline import ENDED_BY_FORCE
from tolva.jobs.meter import JobMeter
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.reasons import OVERDUE, TOLD_TO_END
from tolva.jobs.rings import send_rings
from tolva.jobs.shift import Shift, end, work
from tolva.jobs.upkeep import kept_up
from tolva.jobs.work import Jobs

log = logging.getLogger(__name__)

LOOK = 0.2
"""Seconds between two looks at the shift, and between two tries to reach PostgreSQL."""


def run_inside(plan: WorkerPlan, engine: Engine, stop: threading.Event) -> None:
    """Run the plan's queues in this process until `stop` is set; what does not end in the grace time is given back.

    Raises what makes it impossible to go on; then nothing of it runs any more.
    """
    assert isinstance(engine, ServingEngine), "the queues of the plan are served in this process"
    with plan.database("tolva inline") as db, closing(Heartbeat(db, plan.queue_names, plan.lease)) as heartbeat:
        worker_id = _join(heartbeat, stop)
        if worker_id is None:
            return
        insider = _Insider(plan, heartbeat, worker_id, engine)
        catalogue = plan.make_catalogue()
        jobs = Jobs(db, engine, catalogue)
        with kept_up(plan.make_chores(jobs)), kept_open(plan.make_inboxes(), jobs):
            try:
                _work(plan, insider, Shift(db, worker_id, catalogue, engine, JobMeter()), engine, stop)
            finally:
                insider.leave(TOLD_TO_END)


def _work(plan: WorkerPlan, insider: "_Insider", shift: Shift, engine: ServingEngine, stop: threading.Event) -> None:
    working = threading.Thread(target=work, args=(shift, engine, plan.queues), name="shift", daemon=True)
    working.start()
    try:
        while not stop.wait(LOOK):
            insider.beat()
            if not working.is_alive():
                raise RuntimeError("the slots of this process ended by themselves; the log says why")
    finally:
        threading.Thread(target=end, args=(shift, engine, plan.grace / 2), daemon=True).start()
        give_up = time.monotonic() + plan.grace
        while working.is_alive() and time.monotonic() < give_up:
            working.join(LOOK)
            insider.beat()


def _join(heartbeat: Heartbeat, stop: threading.Event) -> str | None:
    while not stop.is_set():
        try:
            return heartbeat.join()
        except TryLater as error:
            log.warning("inline worker: %s", error)
            stop.wait(LOOK)
    return None


class _Insider:
    """Beats for the one worker of this process, and ends the process when the worker cannot go on."""

    def __init__(self, plan: WorkerPlan, heartbeat: Heartbeat, worker_id: str, engine: ServingEngine) -> None:
        self._heartbeat = heartbeat
        self._worker_id = worker_id
        self._engine = engine
        self._every = plan.lease / 5
        self._next_beat = 0.0

    def beat(self) -> None:
        """Prolong the lease, when it is time to."""
        if time.monotonic() < self._next_beat:
            return
        try:
            held = self._heartbeat.beat([self._worker_id])
        except TryLater as error:
            log.warning("inline worker: %s", error)
            return
        self._next_beat = time.monotonic() + self._every
        if self._worker_id not in held:
            log.error("this process lost its lease, and ends: it was frozen, or too busy to report")
            os._exit(ENDED_BY_FORCE)
        if overdue := held[self._worker_id]:
            log.error("job %s passed its hard time limit; this process ends", overdue)
            self.leave(OVERDUE, overdue)
            os._exit(ENDED_BY_FORCE)

    def leave(self, reason: str, culprit: JobId | None = None) -> None:
        """Give back what still runs; the culprit, if there is one, has failed."""
        try:
            send_rings(self._engine, self._heartbeat.leave(self._worker_id, Verb.RELEASE, reason, culprit))
        except TryLater as error:
            log.warning("inline worker: %s; its jobs go on when its lease has run out", error)
