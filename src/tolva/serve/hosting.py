"""The host that Tolva's own queues have in Celery and in Dramatiq, by the settings, and its companion.

Apart from `Host`, since all of Tolva is loaded here.
"""

import logging
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from tolva import app
from tolva.core.ports import QueueSlots
from tolva.engines.routes import routes_of
from tolva.jobs.plan import WorkerPlan
from tolva.serve.hosted import Host
from tolva.settings import Settings, load_settings

log = logging.getLogger(__name__)


def host_of(settings: Settings, engine: str | None = None) -> Host:
    """For the queues that an engine serves by these settings; for all where it serves none, since it was started."""
    every = app.catalogue(settings).queues
    own = routes_of(settings).by_engine(list(every)).get(engine) if engine else None
    return Host(
        settings, tuple(every[name] for name in own or every), open_plan, __name__, app.metrics_folder(settings)
    )


@contextmanager
def open_plan(settings: Settings, queues: Sequence[str]) -> Generator[WorkerPlan]:
    """The plan of a crew, with its database running and up to date. Raises SettingsError, DatabaseUnavailable."""
    with app.server(settings) as server:
        log.info("database: %s", server.place)  # with another one than the API's, it would hear rings and find no jobs
        app.prepare(server)
        yield app.worker_plan(settings, server, [QueueSlots(queue, 1) for queue in queues])


def main() -> None:
    """The companion, by the settings of the environment."""
    host_of(load_settings()).run_companion(int(sys.argv[1]), sys.argv[2:])


if __name__ == "__main__":
    main()
