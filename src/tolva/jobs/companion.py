"""Watches over the processes of a crew, which another program started and replaces: beats for them, does the upkeep.

It is a process of its own, so a long C call in a job cannot starve the heartbeat. What it does is what the supervisor
of our own workers does, but for starting processes and burying them, which is their parent's business.
"""

import logging
import os
import threading
import time
from collections.abc import Sequence
from contextlib import closing

import psutil

from tolva.core.job import JobId, Verb
from tolva.core.ports import Engine
from tolva.errors import TryLater
from tolva.jobs.crew import crew_of, member
from tolva.jobs.heartbeat import Heartbeat
from tolva.jobs.inbox import kept_open
from tolva.jobs.listening import Listening
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.reasons import ENDED, OVERDUE, TOLD_TO_END, outgrown
from tolva.jobs.rings import send_rings
from tolva.jobs.upkeep import kept_up
from tolva.jobs.work import Jobs
from tolva.jobs.worker import FROZEN_LEASES, LOOK

log = logging.getLogger(__name__)

IDLE = 5.0
"""Seconds without a job after which a process counts as idle: between two rings each is without one for a moment."""


def accompany(plan: WorkerPlan, parent: int, stop: threading.Event) -> None:
    """Watch over the children of `parent`, which started this process, too.

    Ends with the parent, or when `stop` is set and the last of the others has ended: until then they need a heartbeat.
    """
    try:
        crew = crew_of(parent)
    except psutil.NoSuchProcess:
        log.warning("process %s has ended before its companion began", parent)
        return
    with (
        plan.database("tolva companion", 1) as db,
        closing(plan.make_engine(db)) as engine,
        closing(Heartbeat(db, [], plan.lease, crew)) as heartbeat,
    ):
        jobs = Jobs(db, engine, plan.make_catalogue())
        with kept_up(plan.make_chores(jobs)), kept_open(plan.make_inboxes(), jobs):
            companion = Companion(plan, parent, heartbeat, engine, Listening(db, engine, plan.queue_names))
            while os.getppid() == parent and not (stop.is_set() and companion.is_alone()):
                companion.look()
                time.sleep(LOOK)
            companion.end()


class Companion:
    """Of one crew. All methods are called from one thread."""

    def __init__(
        self, plan: WorkerPlan, parent: int, heartbeat: Heartbeat, engine: Engine, listening: Listening
    ) -> None:
        self._plan = plan
        self._listening = listening
        self._parent = parent
        self._heartbeat = heartbeat
        self._engine = engine
        self._known: dict[str, int] = {}
        self._frozen_since: dict[psutil.Process, float] = {}
        self._free_since: dict[str, float] = {}
        self._next_beat = 0.0
        self._deaf: str | None = None
        self._own = ""
        """Its own worker, which serves no queues: by it, the others know that somebody beats for them."""

    def is_alone(self) -> bool:
        """Whether no process of the crew is alive, nor has registered since the last look.

        PostgreSQL may be away: those that have died count as gone, though nobody could be told.
        """
        if self._has_living:
            return False
        self._next_beat = 0
        self.look()
        return not self._has_living

    @property
    def _has_living(self) -> bool:
        return any(member(self._known[id], self._parent) for id in self._others)

    @property
    def _others(self) -> set[str]:
        return self._known.keys() - {self._own}

    def look(self) -> None:
        """Give up the dead at once; in the rhythm of the lease, beat for the living, and end those over a limit."""
        try:
            for worker_id, pid in list(self._known.items()):
                if worker_id != self._own and member(pid, self._parent) is None:
                    self._bury(worker_id, pid)
            if time.monotonic() >= self._next_beat:
                self._beat()
                self._next_beat = time.monotonic() + min(self._plan.lease / 5, 1.0)
        except TryLater as error:
            log.warning("companion: %s", error)
        except psutil.NoSuchProcess:
            log.debug("a process ended while it was looked at; the next look buries it")

    def end(self) -> None:
        """Give up whoever died with the parent, and leave."""
        self.look()
        try:
            if self._own in self._known:
                self._leave(self._own, Verb.RELEASE, TOLD_TO_END, None)
        except TryLater as error:
            log.warning("companion: %s", error)

    def _beat(self) -> None:
        if self._own not in self._known:
            self._own = self._heartbeat.join()
        crew = self._heartbeat.crew()
        self._known = {row["id"]: row["pid"] for row in crew}
        living = {id: process for id, pid in self._known.items() if (process := member(pid, self._parent))}
        awake = [id for id, process in living.items() if not self._is_frozen(process)]
        overdue = self._heartbeat.beat(awake) if awake else {}
        for worker_id, process in living.items():
            if reason := self._over_a_limit(process, overdue.get(worker_id)):
                log.error("worker process %s is ended: %s", process.pid, reason)
                self._end(worker_id, process, reason, overdue.get(worker_id))
        self._end_frozen()
        self._note_deaf(self._is_idle([row["id"] for row in crew if row["id"] != self._own and not row["busy"]]))

    def _is_idle(self, free: Sequence[str]) -> bool:
        """Whether one of the processes that have no job has had none for a while."""
        now = time.monotonic()
        self._free_since = {worker_id: self._free_since.get(worker_id, now) for worker_id in free}
        return any(now - since >= IDLE for since in self._free_since.values())

    def _note_deaf(self, idle: bool) -> None:
        reason = self._listening.deaf(idle)
        if reason != self._deaf:
            log.error("this worker is deaf: %s", reason) if reason else log.warning("this worker hears again")
        if reason is not None or self._deaf is not None:
            self._heartbeat.note_deaf(list(self._others), reason)
        self._deaf = reason

    def _is_frozen(self, process: psutil.Process) -> bool:
        if process.status() != psutil.STATUS_STOPPED:
            self._frozen_since.pop(process, None)
            return False
        self._frozen_since.setdefault(process, time.monotonic())
        return True

    def _end_frozen(self) -> None:
        """They are no workers of the crew any more: after one lease others took their jobs."""
        for process, since in list(self._frozen_since.items()):
            if not process.is_running():
                del self._frozen_since[process]
            elif self._is_frozen(process) and time.monotonic() - since > FROZEN_LEASES * self._plan.lease:
                log.error("worker process %s is ended: it was frozen", process.pid)
                process.kill()

    def _over_a_limit(self, process: psutil.Process, overdue: JobId | None) -> str | None:
        """Why a process must end; None when it need not."""
        if overdue:
            return OVERDUE
        if process.memory_info().rss > self._plan.memory_mb * 1_000_000:
            return outgrown(self._plan.memory_mb)
        return None

    def _end(self, worker_id: str, process: psutil.Process, reason: str, overdue: JobId | None) -> None:
        process.kill()
        self._leave(worker_id, Verb.RELEASE if overdue else Verb.LOST, reason, overdue)

    def _bury(self, worker_id: str, pid: int) -> None:
        """It may have been ended for a job that ran over its limit, which Celery does by itself."""
        held = self._heartbeat.beat([worker_id])
        if worker_id not in held:  # it has left in order
            self._known.pop(worker_id)
            return
        log.warning("worker process %s has ended; its jobs go on elsewhere", pid)
        self._leave(worker_id, Verb.LOST, ENDED, held[worker_id])

    def _leave(self, worker_id: str, verb: Verb, reason: str, overdue: JobId | None) -> None:
        send_rings(self._engine, self._heartbeat.leave(worker_id, verb, reason, overdue))
        self._known.pop(worker_id, None)
