"""The supervisor of worker processes: starts them, beats for them, and ends those that run over their limits.

It does nothing else, so a long C call in a job cannot starve the heartbeat; and since it looks at the processes
themselves, it knows at once when one died, was frozen, or grew too large.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing

from tolva.core.job import JobId, Verb
from tolva.core.ports import Engine
from tolva.errors import TryLater
from tolva.jobs.heartbeat import Heartbeat
from tolva.jobs.inbox import kept_open
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.process import WorkerProcess, start_process
from tolva.jobs.reasons import FROZEN, LEASE_LOST, OVERDUE, TOLD_TO_END, outgrown
from tolva.jobs.rings import send_rings
from tolva.jobs.upkeep import kept_up
from tolva.jobs.work import Jobs

log = logging.getLogger(__name__)

LOOK = 0.2
"""Seconds between two looks at the processes."""
FROZEN_LEASES = 3
"""Leases after which a process that somebody froze is replaced: it has lost its jobs after one."""
RESTART_PAUSE = 1.0
"""Seconds before a process that died young is replaced, so that a broken set-up does not spin."""


def run_worker(plan: WorkerPlan, stop: threading.Event, ready: Callable[[], None] = lambda: None) -> None:
    """Keep the plan's processes running until `stop` is set, then let them end within the grace time.

    `ready` is called once the first processes have been started. While PostgreSQL is away, it waits.
    """
    with (
        plan.database("tolva supervisor") as db,
        closing(plan.make_engine(db)) as engine,
        closing(Heartbeat(db, plan.queue_names, plan.lease)) as heartbeat,
    ):
        supervisor = Supervisor(plan, heartbeat, engine)
        jobs = Jobs(db, engine, plan.make_catalogue())
        with kept_up(plan.make_chores(jobs)), kept_open(plan.make_inboxes(), jobs):
            try:
                supervisor.look()
                ready()
                while not stop.wait(LOOK):
                    supervisor.look()
            finally:
                supervisor.end()


class Supervisor:
    """Watches over the processes of one worker. All methods are called from one thread."""

    def __init__(self, plan: WorkerPlan, heartbeat: Heartbeat, engine: Engine) -> None:
        self._plan = plan
        self._heartbeat = heartbeat
        self._engine = engine
        self._children: list[WorkerProcess] = []
        self._next_beat = 0.0
        self._next_start = 0.0
        self._departed: list[tuple[str, Verb, str, JobId | None]] = []

    def start(self) -> None:
        """Start the processes that are missing, and note of each which it is.

        One that has done its jobs but for a long one is replaced already; yet not without end.
        """
        while self._at_work < self._plan.processes and len(self._children) < 2 * self._plan.processes:
            self._children.append(start_process(self._plan, self._heartbeat.join()))
            self._note_started()
        self._note_started()  # where PostgreSQL was away the last time

    @property
    def _at_work(self) -> int:
        return sum(not child.retires for child in self._children)

    def _note_started(self) -> None:
        for child in self._children:
            if not child.is_noted:
                self._heartbeat.started(child.worker_id, child.pid)
                child.is_noted = True

    def look(self) -> None:
        """Bury the dead, beat for the living, end those over a limit, and fill the gaps."""
        for child in list(self._children):
            self._look_at(child)
        try:
            self._report_departed()
            if time.monotonic() >= self._next_beat:
                self._beat()
            if time.monotonic() >= self._next_start:
                self.start()
        except TryLater as error:
            log.warning("supervisor: %s", error)
        except OSError as error:  # no room for a process at the moment: those that run go on
            log.error("a worker process cannot be started: %s", error)
            self._next_start = time.monotonic() + RESTART_PAUSE

    def end(self) -> None:
        """Ask every process to end, wait for the grace time, kill the rest, and give back what they had."""
        try:
            self._let_end()
        finally:
            for child in list(self._children):
                self._kill(child, Verb.RELEASE, TOLD_TO_END)
            self._report_last()

    def _let_end(self) -> None:
        for child in self._children:
            child.process.terminate()
        give_up = time.monotonic() + self._plan.grace
        for child in list(self._children):
            # Keeping the leases may end one of them, whose job has run into its hard limit.
            while child in self._children and child.exit_reason is None and time.monotonic() < give_up:
                child.process.join(LOOK)
                self._keep_leases()

    def _look_at(self, child: WorkerProcess) -> None:
        child.notice_freeze()
        reason = child.exit_reason
        if reason is None and child.frozen_for > FROZEN_LEASES * self._plan.lease:
            log.error("worker process %s has been frozen for %.0f s; it is replaced", child.pid, child.frozen_for)
            self._kill(child, Verb.LOST, FROZEN)
            return
        if self._plan.most_jobs and child.has_retired:
            log.info("worker process %s has done its %s jobs; it is replaced", child.pid, self._plan.most_jobs)
            self._drop(child, Verb.RELEASE, TOLD_TO_END)
        elif reason is not None:
            log.error("worker process %s ended by %s; its jobs go on elsewhere", child.pid, reason)
            self._next_start = time.monotonic() + RESTART_PAUSE
            self._drop(child, Verb.LOST, f"The worker process ended by {reason} while it ran this job.")
        elif child.memory_mb > self._plan.memory_mb:
            log.error("worker process %s grew to %s MB; it is replaced", child.pid, child.memory_mb)
            self._kill(child, Verb.LOST, outgrown(self._plan.memory_mb))

    def _beat(self) -> None:
        living = [child for child in self._children if not child.frozen]
        if not living:
            return
        held = self._heartbeat.beat([child.worker_id for child in living])
        self._next_beat = time.monotonic() + self._plan.lease / 5
        for child in living:
            if child.worker_id not in held:
                log.error("worker process %s lost its lease; it is replaced", child.pid)
                self._kill(child, Verb.LOST, LEASE_LOST)
            elif overdue := held[child.worker_id]:
                log.error("job %s passed its hard time limit; worker process %s is ended", overdue, child.pid)
                self._kill(child, Verb.RELEASE, OVERDUE, overdue)

    def _keep_leases(self) -> None:
        try:
            if time.monotonic() >= self._next_beat:
                self._beat()
        except TryLater as error:
            log.warning("supervisor: %s", error)

    def _kill(self, child: WorkerProcess, verb: Verb, reason: str, culprit: JobId | None = None) -> None:
        child.kill()
        self._drop(child, verb, reason, culprit)

    def _drop(self, child: WorkerProcess, verb: Verb, reason: str, culprit: JobId | None = None) -> None:
        self._children.remove(child)
        child.forget()
        self._departed.append((child.worker_id, verb, reason, culprit))

    def _report_departed(self) -> None:
        while self._departed:
            rings = self._heartbeat.leave(*self._departed[0])
            del self._departed[0]
            send_rings(self._engine, rings)

    def _report_last(self) -> None:
        try:
            self._report_departed()
        except TryLater as error:
            log.warning("supervisor: %s; the jobs of this worker go on when its lease has run out", error)
