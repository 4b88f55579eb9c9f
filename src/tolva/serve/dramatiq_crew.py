"""What a process of Dramatiq's command line runs: our actors, and for each group of processes a companion."""

import logging
import multiprocessing
import os
import threading
from collections.abc import Callable
from typing import Any

import dramatiq
from dramatiq.middleware import Middleware

from tolva.engines.dramatiq_broker import broker_url, declare_actor, make_broker
from tolva.engines.dramatiq_rings import DramatiqEngine
from tolva.errors import Unaccompanied
from tolva.jobs.hosted import Hosted
from tolva.jobs.lifeline import ENDED_BY_FORCE
from tolva.serve.hosted import Host, tell_hindrance

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between two looks whether the companion lives."""


def watch_over(host: Host) -> int:
    """The companion, as a process that Dramatiq has started."""
    tell_hindrance(DramatiqEngine(broker_url(host.settings)), host.queues[0].name)
    host.run_companion(_parent(), [queue.name for queue in host.queues])
    return 0


def _parent() -> int:
    parent = multiprocessing.parent_process()
    assert parent is not None, "Dramatiq starts its processes by multiprocessing"
    return parent.pid or 0


def _stay_accompanied(hosted: Hosted, leaving: threading.Event) -> None:
    """End this process with the companion, without which nobody beats for it, unless it leaves anyway.

    Dramatiq then ends the others and itself, and whatever started it starts it again.
    """
    hindrance = hosted.begin()
    while hindrance is not None and not isinstance(hindrance, Unaccompanied):
        hindrance = hosted.begin()
    while hindrance is None and not hosted.is_forsaken:
        if leaving.wait(LOOK):
            return
    if leaving.wait(LOOK):  # the companion may have been told to end a moment before this process hears of it
        return
    log.critical("The companion of this process has ended; Dramatiq is to be started again.")
    os._exit(ENDED_BY_FORCE)


class DramatiqCrew(Middleware):
    """Ties a process to the jobs from its start to its end. `companion` is a function that Dramatiq finds by name."""

    def __init__(self, host: Host, companion: Callable[[], int]) -> None:
        self._host = host
        self._companion = companion
        self._hosted: Hosted | None = None
        self._leaving = threading.Event()

    def join(self) -> None:
        """Make the broker of this process, with an actor for each queue. Raises SettingsError."""
        broker = make_broker(broker_url(self._host.settings))
        broker.add_middleware(self)
        dramatiq.set_broker(broker)
        for queue in self._host.queues:
            declare_actor(broker, queue.name, self._perform, queue.hard_limit)

    @property
    def forks(self) -> list[Callable[[], int]]:
        """What Dramatiq runs once, in a process beside the others."""
        return [self._companion]

    def before_worker_boot(self, broker: Any, worker: Any) -> None:
        """Register as a worker."""
        served = sorted(worker.consumer_whitelist or broker.get_declared_queues())
        self._hosted = self._host.make_hosted(_parent(), served, worker.worker_threads)
        # Dramatiq starts the companion, which this waits for, when all its processes have booted.
        threading.Thread(target=_stay_accompanied, args=(self._hosted, self._leaving), daemon=True).start()

    def before_worker_shutdown(self, broker: Any, worker: Any) -> None:
        """Let the jobs come to an end."""
        self._leaving.set()
        if self._hosted is not None:
            self._hosted.drain(self._host.settings.grace_seconds / 2)

    def after_worker_shutdown(self, broker: Any, worker: Any) -> None:
        """Leave."""
        if self._hosted is not None:
            self._hosted.close()

    def _perform(self, queue: str) -> None:
        assert self._hosted is not None, "Dramatiq has booted its worker"
        self._hosted.look(queue)
