"""Workers as processes of their own: supervisors that may be killed, and the processes below them."""

import logging
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing.context import SpawnProcess
from pathlib import Path

from tests.chaos import census
from tests.chaos.census import Process
from tests.chaos.handlers import catalogue
from tolva.core.job import Queue
from tolva.core.ports import QueueSlots
from tolva.engines import make_engine
from tolva.jobs.lifeline import die_with_parent
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.upkeep import Chore, standard_chores
from tolva.jobs.work import Jobs
from tolva.jobs.worker import run_worker
from tolva.logs import set_up_logs
from tolva.serve.stop import stop_on_signals
from tolva.settings import Settings

LOG_LEVEL = os.environ.get("TOLVA_CHAOS_LOG", "ERROR")
FOR_EVER = 10**9
METRICS = Path(tempfile.gettempdir()) / "tolva-test-metrics"
POSTGRES = Settings(engine="postgres")
Run = Callable[[WorkerPlan], None]


def plan_for(
    dsn: str, queues: Sequence[Queue], lease: float, processes: int = 2, settings: Settings = POSTGRES
) -> WorkerPlan:
    """A worker with the test handlers, for these queues."""
    slots = tuple(QueueSlots(queue.name, queue.slots) for queue in queues)
    return WorkerPlan(
        dsn=dsn,
        queues=slots,
        make_catalogue=catalogue,
        make_engine=partial(make_engine, settings),
        make_chores=partial(_chores, [each.queue for each in slots]),
        make_inboxes=list,
        processes=processes,
        lease=lease,
        grace=5,
        memory_mb=2048,
        most_jobs=0,
        log_level=LOG_LEVEL,
        log_format="text",
        metrics=METRICS,
    )


def _chores(queues: Sequence[str], jobs: Jobs) -> list[Chore]:
    return standard_chores(jobs, queues, keep_finished=FOR_EVER, keep_failed=FOR_EVER)


def supervise(plan: WorkerPlan) -> None:
    """What runs a crew of our own."""
    die_with_parent()
    set_up_logs(plan.log_level)
    run_worker(plan, stop_on_signals())


class Crew:
    """Supervisors with one plan. Started by the main thread alone: they die with the thread that starts them."""

    def __init__(self, plan: WorkerPlan, supervisors: int, run: Run) -> None:
        self._plan = plan
        self._run = run
        self._started: list[SpawnProcess] = [self._start() for _ in range(supervisors)]

    def keep_up(self) -> None:
        """Start those again that have ended, as any service manager would."""
        for place, process in enumerate(self._started):
            if process.exitcode is not None:
                logging.error("a supervisor ended (%s); it is started again", process.exitcode)
                process.close()
                self._started[place] = self._start()

    @property
    def supervisors(self) -> list[Process]:
        """The supervisors that have processes to watch."""
        found = [Process(process.pid) for process in self._started if process.exitcode is None]
        return [process for process in found if census.children(process)]

    @property
    def workers(self) -> list[Process]:
        """All worker processes."""
        return [child for supervisor in self.supervisors for child in census.children(supervisor)]

    def kill(self) -> None:
        """Kill all supervisors, and with them everybody."""
        for process in self._started:
            process.kill()
            process.join()

    def end(self) -> None:
        """End all of them in order."""
        for process in self._started:
            process.terminate()
        for process in self._started:
            process.join(self._plan.grace + 10)

    def close(self) -> None:
        """Leave nothing behind."""
        self.kill()
        for process in self._started:
            process.close()

    def _start(self) -> SpawnProcess:
        process = multiprocessing.get_context("spawn").Process(target=self._run, args=(self._plan,))
        process.start()
        return process


@contextmanager
def run_crew(plan: WorkerPlan, supervisors: int = 1, run: Run = supervise) -> Iterator[Crew]:
    """A crew, ended in order at the end. `run` makes a process one of its supervisors."""
    crew = Crew(plan, supervisors, run)
    try:
        yield crew
        crew.end()
    finally:
        crew.close()
