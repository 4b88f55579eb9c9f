"""What Celery's and Dramatiq's processes have in common: the plan of their crew, and its companion."""

import multiprocessing
import signal
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial

from tolva import app
from tolva.core.job import Queue
from tolva.core.ports import QueueSlots
from tolva.engines.routes import routes_of
from tolva.jobs.companion import accompany
from tolva.jobs.hosted import Hosted
from tolva.jobs.lifeline import ask_kernel
from tolva.jobs.plan import WorkerPlan
from tolva.logs import set_up_logs
from tolva.metrics import count_in
from tolva.serve.readiness import await_database
from tolva.serve.stop import stop_on_signals
from tolva.settings import Settings
from tolva.tracing import begin_tracing


def queues_of(settings: Settings, engine: str) -> list[Queue]:
    """The queues that an engine serves by these settings; all of them where it serves none, since it was started."""
    every = app.catalogue(settings).queues
    own = routes_of(settings).by_engine(list(every)).get(engine)
    return [every[name] for name in own or every]


def make_hosted(settings: Settings, queues: Sequence[str], slots: int) -> Hosted:
    """This process as a worker of these queues; see `Hosted`. It ends with the process that started it."""
    ask_kernel()
    count_in(app.metrics_folder(settings))
    begin_tracing()
    return Hosted(partial(open_plan, settings, tuple(queues)), slots)


@contextmanager
def open_plan(settings: Settings, queues: Sequence[str]) -> Generator[WorkerPlan]:
    """The plan of a crew, with its database running."""
    with app.server(settings) as server:
        yield app.worker_plan(settings, server, [QueueSlots(queue, 1) for queue in queues])


def start_companion(settings: Settings, queues: Sequence[str]) -> multiprocessing.process.BaseProcess:
    """A process that watches over the others that this one starts."""
    companion = multiprocessing.get_context("spawn").Process(
        target=run_companion, args=(settings, tuple(queues)), name="tolva companion"
    )
    companion.start()
    return companion


def run_companion(settings: Settings, queues: Sequence[str]) -> None:
    """Watch over the other children of this process's parent until that has ended."""
    ask_kernel()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # they reach the whole group, whose jobs need a heartbeat to the end
    set_up_logs(settings.log_level, settings.log_format)
    stop = stop_on_signals()
    with app.server(settings) as server:
        await_database(server, stop)
        accompany(app.worker_plan(settings, server, [QueueSlots(queue, 1) for queue in queues]))
