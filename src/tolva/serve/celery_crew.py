"""What a worker of Celery runs: our tasks in its processes, and a companion that watches over them.

Celery's signals call the methods: those of the first half in the process that starts the others, those of the second
in each of them.
"""

import ctypes
import logging
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from multiprocessing.sharedctypes import RawValue
from typing import Any

from celery import signals  # pyright: ignore[reportMissingTypeStubs]

from tolva.engines.celery import CeleryEngine, declare_tasks
from tolva.jobs.child import NICENESS
from tolva.jobs.hosted import Hosted
from tolva.logs import set_up_logs
from tolva.serve.hosted import Host, tell_hindrance

log = logging.getLogger(__name__)

LOOK = 0.5
"""Seconds between two looks of a process whether the worker is told to end."""
RESTART_PAUSE = 1.0
"""Seconds before a companion that ended by itself is replaced."""


class CeleryCrew:
    """A worker of Celery and its processes. What is set before they are forked, each of them has."""

    def __init__(self, app: Any, host: Host) -> None:
        self._app = app
        self._host = host
        self._settings = host.settings
        # Without a lock, which a process that is killed would take with it.
        self._draining = RawValue(ctypes.c_bool, False)
        self._hosted: Hosted | None = None
        self._main = os.getpid()
        """The process that starts the others."""

    def join(self) -> None:
        """Give the worker its queues and tasks, and hear its signals."""
        declare_tasks(self._app, self._host.queues, self._perform)
        for signal, receiver in (
            (signals.setup_logging, self._set_up_logging),
            (signals.celeryd_after_setup, self._begin),
            (signals.worker_shutting_down, self._end),
            (signals.worker_process_init, self._begin_process),
            (signals.worker_process_shutdown, self._end_process),
        ):
            signal.connect(receiver, weak=False)  # pyright: ignore[reportUnknownMemberType]

    def _set_up_logging(self, loglevel: int, **_more: object) -> None:
        set_up_logs(logging.getLevelName(loglevel), self._settings.log_format)

    def _begin(self, instance: Any, **_more: object) -> None:
        if "prefork" not in instance.pool_cls.__module__:
            # Celery logs what its signals raise, and goes on, but for what is no Exception.
            sys.exit("Tolva's tasks need processes of their own: leave out -P, or say -P prefork.")
        if strange := set(self._served()) - {queue.name for queue in self._host.queues}:
            known = ", ".join(queue.name for queue in self._host.queues)
            sys.exit(f"There is no queue {', '.join(sorted(strange))} for Celery. Known queues: {known}.")
        threading.Thread(target=self._keep_companion, args=(self._served(),), daemon=True).start()
        # Before Celery connects, since over RabbitMQ it ends at once when it is refused.
        tell_hindrance(CeleryEngine(self._app), self._served()[0])

    def _keep_companion(self, queues: list[str]) -> None:
        while not self._draining.value:
            try:
                companion = self._host.start_companion(queues)
            except OSError as error:  # no room for a process at the moment
                log.error("the companion cannot be started: %s", error)
            else:
                self._await(companion)
            time.sleep(RESTART_PAUSE)

    def _await(self, companion: subprocess.Popen[bytes]) -> None:
        code = companion.wait()
        if not self._draining.value:
            log.error("the companion ended by itself (exit code %s); starting it again", code)

    def _end(self, **_more: object) -> None:
        self._draining.value = True

    def _served(self) -> list[str]:
        """The queues of -Q, or all of ours."""
        return list(self._app.amqp.queues.consume_from)

    def _begin_process(self, **_more: object) -> None:
        os.nice(NICENESS)
        self._hosted = self._host.make_hosted(self._main, self._served(), slots=1)
        # Before it begins, since the worker may be told to end meanwhile.
        threading.Thread(target=self._drain, args=(self._hosted,), daemon=True).start()
        self._hosted.begin()

    def _drain(self, hosted: Hosted) -> None:
        while not self._draining.value:
            time.sleep(LOOK)
        hosted.drain(self._settings.grace_seconds / 2)

    def _end_process(self, **_more: object) -> None:
        if self._hosted is not None:
            self._hosted.close()

    def _perform(self, queue: str) -> dict[str, Any]:
        assert self._hosted is not None, "Celery has sent worker_process_init"
        return asdict(self._hosted.look(queue))
