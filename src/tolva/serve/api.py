"""The API as a process."""

import gc
import socket
import threading
from collections.abc import Callable
from contextlib import closing, nullcontext
from functools import partial

from tolva import app
from tolva.db.pool import Database
from tolva.jobs.inside import run_inside
from tolva.jobs.work import Jobs
from tolva.logs import set_up_logs
from tolva.metrics import count_in
from tolva.serve.beside import beside
from tolva.serve.readiness import await_database
from tolva.serve.stop import on_stop, stop_on_signals
from tolva.settings import Settings
from tolva.tracing import begin_tracing
from tolva.web.live.hub import Hub
from tolva.web.server.descriptors import allow_descriptors
from tolva.web.server.serving import make_server


def serve_api(settings: Settings, listener: socket.socket, ready: Callable[[Database], None] | None = None) -> None:
    """Answer HTTP on `listener` until SIGTERM or SIGINT; with queues of the engine `inline`, run their jobs too.

    `ready` is called with the database, once it answers and before anybody else is answered.
    """
    set_up_logs(settings.log_level, settings.log_format)
    count_in(app.metrics_folder(settings))
    begin_tracing()
    stop = stop_on_signals()  # also for the signal that uvicorn passes on when it has ended
    with (
        app.server(settings) as server,
        app.jobs(settings, server, "tolva api", settings.statement_seconds) as jobs,
        closing(app.live(settings, jobs)) as hub,
    ):
        await_database(server, stop)
        if stop.is_set():
            return
        if ready is not None:
            ready(jobs.db)
        _answer(settings, listener, server, jobs, hub, stop)


def _answer(
    settings: Settings, listener: socket.socket, server: app.Server, jobs: Jobs, hub: Hub, stop: threading.Event
) -> None:
    allow_descriptors()
    api = make_server(
        app.make_api(settings, jobs, hub, stop.is_set),
        hub.end,
        access_log=False,  # ours tells more
        timeout_graceful_shutdown=round(settings.grace_seconds),
    )
    gc.freeze()  # what is loaded by now stays: nothing to look through again and again
    give_up = partial(setattr, api, "should_exit", True)
    on_stop(stop, give_up)  # uvicorn hears no signal that came before it began to listen to them
    inside = app.shares(settings).inside
    plan = app.worker_plan(settings, server, inside)
    with beside(give_up, run_inside, plan, jobs.engine) if inside else nullcontext():
        api.run(sockets=[listener])
