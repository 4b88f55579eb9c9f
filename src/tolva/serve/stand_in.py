"""A worker inside of a command, for when there is no other."""

import _thread
import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from tolva import app
from tolva.errors import TryLater
from tolva.jobs.inside import run_inside
from tolva.jobs.work import Jobs
from tolva.jobs.worker import run_worker
from tolva.serve.beside import beside
from tolva.settings import Settings

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between two looks whether a worker is missing: one that was killed counts as living for a lease."""
GRACE = 2.0
"""Seconds that a command may still take for the work of others when its own is done, or on Ctrl-C."""


@contextmanager
def own_worker(settings: Settings, server: app.Server, jobs: Jobs, queue: str) -> Generator[threading.Event]:
    """A worker in this process as soon as no living one serves `queue`, for as long as the context is open.

    The event that it yields is set once there is one. For the main thread: when the worker cannot go on, the context
    is interrupted as by Ctrl-C, and raises what the worker raised.
    """
    begun = threading.Event()
    with beside(_thread.interrupt_main, _stand_in, settings, server, jobs, queue, begun):
        yield begun


def _stand_in(
    settings: Settings, server: app.Server, jobs: Jobs, queue: str, begun: threading.Event, stop: threading.Event
) -> None:
    # The command tells how the job went; its terminal is no log, unless somebody asked for one.
    level = "WARNING" if settings.log_level == "INFO" else settings.log_level
    shares = app.shares(settings)
    inside = queue in {each.queue for each in shares.inside}
    # Whatever rings for them, jobs are found in PostgreSQL.
    heard = settings.model_copy(
        update={"engine": "inline" if inside else "postgres", "engines": {}, "imports_runner_mode": None}
    )
    every = (*shares.inside, *shares.own, *shares.celery)
    plan = app.worker_plan(heard, server, every)
    plan = replace(plan, grace=min(settings.grace_seconds, GRACE), log_level=level)
    while not stop.is_set():
        try:
            if jobs.needs_worker(queue):
                begun.set()
                return run_inside(plan, jobs.engine, stop) if inside else run_worker(plan, stop)
        except TryLater as error:
            log.warning("%s", error)
        stop.wait(LOOK)
    return None
