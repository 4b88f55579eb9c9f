"""What a process of Dramatiq's command line runs: our actors, and for each group of processes a companion.

`tolva.engines.dramatiq` loads this module in each process that the command line starts.
"""

from typing import Any

import dramatiq
from dramatiq.middleware import Middleware

from tolva.engines.dramatiq_rings import declare_actor, make_broker
from tolva.errors import SettingsError
from tolva.jobs.hosted import Hosted
from tolva.serve.hosted import make_hosted, queues_of, run_companion
from tolva.settings import Settings, load_settings

SETTINGS = load_settings()
QUEUES = queues_of(SETTINGS, "dramatiq")


def companion() -> int:
    """What Dramatiq runs in one process beside the others."""
    run_companion(SETTINGS, [queue.name for queue in QUEUES])
    return 0


class Host(Middleware):
    """Ties a process to the jobs from its start to its end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._hosted: Hosted | None = None

    @property
    def forks(self) -> list[Any]:
        """One companion for all processes of the group."""
        return [companion]

    def before_worker_boot(self, broker: Any, worker: Any) -> None:
        """Register as a worker."""
        served = sorted(worker.consumer_whitelist or broker.get_declared_queues())
        self._hosted = make_hosted(self._settings, served, worker.worker_threads)
        self._hosted.begin()

    def before_worker_shutdown(self, broker: Any, worker: Any) -> None:
        """Let the jobs come to an end."""
        if self._hosted is not None:
            self._hosted.drain(self._settings.grace_seconds / 2)

    def after_worker_shutdown(self, broker: Any, worker: Any) -> None:
        """Leave."""
        if self._hosted is not None:
            self._hosted.close()

    def perform(self, queue: str) -> None:
        """Look through a queue."""
        assert self._hosted is not None, "Dramatiq has booted its worker"
        self._hosted.look(queue)


def join() -> None:
    """Make the broker of this process, with an actor for each queue. Raises SettingsError."""
    if not SETTINGS.dramatiq_broker:
        raise SettingsError("Dramatiq needs REDIS_URL or DRAMATIQ_BROKER_URL, say redis://127.0.0.1:6379/0.")
    broker = make_broker(SETTINGS.dramatiq_broker)
    host = Host(SETTINGS)
    broker.add_middleware(host)
    dramatiq.set_broker(broker)
    for queue in QUEUES:
        declare_actor(broker, queue, host.perform)


join()
