"""Long-running processes: the API, a worker, and both under one roof."""

import _thread
import gc
import logging
import multiprocessing
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from multiprocessing.context import SpawnProcess

from tolva import app
from tolva.core.ports import QueueSlots
from tolva.db.pool import Database
from tolva.engines import INSIDE
from tolva.errors import SettingsError, TryLater
from tolva.jobs.inside import run_inside
from tolva.jobs.lifeline import die_with_parent
from tolva.jobs.work import Jobs
from tolva.jobs.worker import run_worker
from tolva.logs import set_up_logs
from tolva.metrics import count_in
from tolva.settings import Settings
from tolva.tracing import begin_tracing
from tolva.web.server.descriptors import allow_descriptors
from tolva.web.server.listener import listen_beside
from tolva.web.server.serving import make_server

log = logging.getLogger(__name__)

STAND_IN_LOOK = 1.0
"""Seconds between two looks whether a worker is missing: one that was killed counts as living for a lease."""
STAND_IN_GRACE = 2.0
"""Seconds that a command may still take for the work of others when its own is done, or on Ctrl-C."""
RESTART_PAUSE = 1.0
"""Seconds before a part that ended by itself is started again."""


def serve_api(settings: Settings, listener: socket.socket, ready: Callable[[Database], None] | None = None) -> None:
    """Answer HTTP on `listener` until SIGTERM or SIGINT; with an engine of INSIDE, run the jobs too.

    `ready` is called with the database, once it answers and before anybody else is answered.
    """
    set_up_logs(settings.log_level, settings.log_format)
    count_in(app.metrics_folder(settings))
    begin_tracing()
    stop = stop_on_signals()  # also for the signal that uvicorn passes on when it has ended
    longest = settings.statement_seconds
    with (
        app.server(settings) as server,
        app.jobs(settings, server, "tolva api", longest) as jobs,
        closing(app.live(jobs)) as hub,
    ):
        _await_database(server, stop)
        if stop.is_set():
            return
        if ready is not None:
            ready(jobs.db)
        allow_descriptors()
        api = make_server(
            app.make_api(settings, jobs, hub, stop.is_set),
            hub.end,
            access_log=False,  # ours tells more
            timeout_graceful_shutdown=round(settings.grace_seconds),
        )
        gc.freeze()  # what is loaded by now stays: nothing to look through again and again

        def give_up() -> None:
            api.should_exit = True

        _on_stop(stop, give_up)  # uvicorn hears no signal that came before it began to listen to them
        if settings.engine not in INSIDE:
            api.run(sockets=[listener])
            return
        with _beside(give_up, run_inside, app.worker_plan(settings, server), jobs.engine):
            api.run(sockets=[listener])


def serve_worker(settings: Settings, slots: Sequence[QueueSlots] = ()) -> None:
    """Run jobs until SIGTERM or SIGINT."""
    if settings.engine in INSIDE:
        raise SettingsError(
            "With TOLVA_ENGINE=inline, the API runs the jobs; set it to postgres for workers of their own."
        )
    set_up_logs(settings.log_level, settings.log_format)
    stop = stop_on_signals()
    with app.server(settings) as server:
        _await_database(server, stop)
        plan = app.worker_plan(settings, server, slots)
        run_worker(plan, stop, ready=lambda: log.info("worker ready: %s", _described(plan.queues)))


def _await_database(server: app.Server, stop: threading.Event) -> None:
    """Wait for a PostgreSQL that is down; raises SettingsError for one that is up but not set up."""
    while not stop.is_set():
        try:
            return app.prepare(server)
        except TryLater as error:
            log.warning("%s Trying again.", error)
            stop.wait(RESTART_PAUSE)
    return None


def serve_all(settings: Settings, listener: socket.socket, stop: threading.Event) -> None:
    """API and worker as processes of their own, each started again when it dies, until `stop` is set."""
    if settings.engine in INSIDE:
        parts = [_Part("api", _api_part, (settings, listener))]
    else:
        listeners = [listener, *(listen_beside(listener) for _ in range(1, settings.api_processes))]
        parts = [_Part("api", _api_part, (settings, each)) for each in listeners]
        parts.append(_Part("worker", _worker_part, (settings,)))
    try:
        while not stop.wait(0.2):
            for part in parts:
                part.keep_running()
    finally:
        for part in parts:
            part.end()
        for part in parts:
            part.wait(2 * settings.grace_seconds + 5)  # the answers of the API may take as long as the jobs


class _Part:
    """A process that is to run for as long as we do."""

    def __init__(self, name: str, run: Callable[..., None], args: tuple[object, ...]) -> None:
        self._name = name
        self._run = run
        self._args = args
        self._process: SpawnProcess | None = None
        self._next_start = 0.0

    def keep_running(self) -> None:
        if self._process is not None and self._process.exitcode is not None:
            log.error("the %s ended by itself (exit code %s); starting it again", self._name, self._process.exitcode)
            self._process, self._next_start = None, time.monotonic() + RESTART_PAUSE
        if self._process is None and time.monotonic() >= self._next_start:
            self._process = multiprocessing.get_context("spawn").Process(target=self._run, args=self._args)
            self._process.start()

    def end(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def wait(self, patience: float) -> None:
        if self._process is not None:
            self._process.join(patience)
            self._process.kill()
            self._process.join()


def _api_part(settings: Settings, listener: socket.socket) -> None:
    die_with_parent()
    serve_api(settings, listener)


def _worker_part(settings: Settings) -> None:
    die_with_parent()
    serve_worker(settings)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: object) -> None:
        # In a thread: the signal may have come while this one was inside a lock of the event.
        threading.Thread(target=stop.set).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    return stop


def _on_stop(stop: threading.Event, give_up: Callable[[], None]) -> None:
    """Call `give_up` when `stop` is set, if this process lives so long."""

    def wait() -> None:
        stop.wait()
        give_up()

    threading.Thread(target=wait, name="stop", daemon=True).start()


@contextmanager
def own_worker(settings: Settings, server: app.Server, jobs: Jobs, queue: str) -> Generator[threading.Event]:
    """A worker in this process as soon as no living one serves `queue`, for as long as the context is open.

    The event that it yields is set once there is one. For the main thread: when the worker cannot go on, the context
    is interrupted as by Ctrl-C, and raises what the worker raised.
    """
    begun = threading.Event()
    with _beside(_thread.interrupt_main, _stand_in, settings, server, jobs, queue, begun):
        yield begun


def _stand_in(
    settings: Settings, server: app.Server, jobs: Jobs, queue: str, begun: threading.Event, stop: threading.Event
) -> None:
    # The command tells how the job went; its terminal is no log, unless somebody asked for one.
    level = "WARNING" if settings.log_level == "INFO" else settings.log_level
    grace = min(settings.grace_seconds, STAND_IN_GRACE)
    plan = replace(app.worker_plan(settings, server), grace=grace, log_level=level)
    while not stop.is_set():
        try:
            if jobs.needs_worker(queue):
                begun.set()
                return run_inside(plan, jobs.engine, stop) if settings.engine in INSIDE else run_worker(plan, stop)
        except TryLater as error:
            log.warning("%s", error)
        stop.wait(STAND_IN_LOOK)
    return None


@contextmanager
def _beside(give_up: Callable[[], object], run: Callable[..., None], *args: object) -> Generator[None]:
    """Run something in a thread until the context ends; its last argument is the event that ends it.

    When it fails, `give_up` is called, which is to end the context, and this raises what it raised.
    """
    stop, faults = threading.Event(), list[BaseException]()

    def work() -> None:
        try:
            run(*args, stop)
        except BaseException as error:
            faults.append(error)
            give_up()

    thread = threading.Thread(target=work, name=run.__name__)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        if faults:
            raise faults[0]


def _described(queues: Sequence[QueueSlots]) -> str:
    return ", ".join(f"{each.queue}={each.slots}" for each in queues)
