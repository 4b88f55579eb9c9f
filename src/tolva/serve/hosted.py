"""What the processes of Celery and of Dramatiq have in common: a worker in each, and a companion for all of them."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tolva.core.job import Queue
from tolva.core.ports import Engine
from tolva.errors import BrokerUnavailable, TryLater
from tolva.jobs.companion import accompany
from tolva.jobs.hosted import Hosted
from tolva.jobs.lifeline import die_with
from tolva.jobs.plan import WorkerPlan
from tolva.logs import set_up_logs
from tolva.metrics import count_in
from tolva.serve.stop import stop_on_signals
from tolva.settings import Settings
from tolva.tracing import begin_tracing

log = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds between two tries of a companion to reach PostgreSQL."""

OpenPlanFor = Callable[[Settings, Sequence[str]], AbstractContextManager[WorkerPlan]]


@dataclass(frozen=True)
class Host:
    """What a process of another program needs to run jobs.

    `open_plan` is the plan for some queues, with its database running while the context is open. `companion` is the
    module that runs the companion of such processes, given their parent and queues as its arguments. `metrics` is the
    folder in which the processes count.
    """

    settings: Settings
    queues: tuple[Queue, ...]
    open_plan: OpenPlanFor
    companion: str
    metrics: Path

    def make_hosted(self, parent: int, queues: Sequence[str], slots: int) -> Hosted:
        """The own process as a worker of these queues; see `Hosted`. It ends with its parent."""
        die_with(parent)
        count_in(self.metrics)
        begin_tracing()
        return Hosted(partial(self.open_plan, self.settings, tuple(queues)), slots)

    def start_companion(self, queues: Sequence[str]) -> subprocess.Popen[bytes]:
        """A process that watches over the others that this one starts."""
        blocked = signal.pthread_sigmask(
            signal.SIG_BLOCK, {signal.SIGINT}
        )  # also in the other one, until it can take it
        try:
            # Not by multiprocessing, which would wait for its end before this process may end.
            return subprocess.Popen([sys.executable, "-m", self.companion, str(os.getpid()), *queues])  # noqa: S603
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)

    def run_companion(self, parent: int, queues: Sequence[str]) -> None:
        """Watch over the other children of this process's parent; see `accompany`."""
        set_up_logs(self.settings.log_level, self.settings.log_format)
        stop = stop_on_signals()  # they reach the whole group
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        while os.getppid() == parent and not stop.is_set():
            try:
                with self.open_plan(self.settings, queues) as plan:
                    return accompany(plan, parent, stop)
            except TryLater as error:
                log.warning("companion: %s Trying again.", error)
                stop.wait(PAUSE)
        return None


def tell_hindrance(engine: Engine, queue: str) -> None:
    """Log what keeps us from the broker, if anything does. What Celery and Dramatiq log of it names no setting."""
    try:
        with closing(engine):
            engine.depth(queue)
    except BrokerUnavailable as hindrance:
        log.error("%s", hindrance)
    except Exception:
        log.exception("the broker could not be asked")  # whoever starts here goes on: it may be a matter of seconds
