"""A worker as a process of its own."""

import logging
from collections.abc import Sequence

from tolva import app
from tolva.core.ports import QueueSlots
from tolva.jobs.worker import run_worker
from tolva.logs import set_up_logs
from tolva.serve.readiness import await_database
from tolva.serve.stop import stop_on_signals
from tolva.settings import Settings

log = logging.getLogger(__name__)


def run_own(settings: Settings, queues: Sequence[QueueSlots]) -> None:
    """Run jobs of queues that are served in our processes, until SIGTERM or SIGINT."""
    set_up_logs(settings.log_level, settings.log_format)
    stop = stop_on_signals()
    with app.server(settings) as server:
        log.info("database: %s", server.place)  # with another one than the API's, it would hear rings and find no jobs
        await_database(server, stop)
        plan = app.worker_plan(settings, server, queues)
        run_worker(plan, stop, ready=lambda: log.info("worker ready: %s", _described(plan.queues)))


def _described(queues: Sequence[QueueSlots]) -> str:
    return ", ".join(f"{each.queue}={each.slots}" for each in queues)
