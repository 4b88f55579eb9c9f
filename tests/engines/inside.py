"""Celery's worker inside of a test: the real one, with threads in place of processes, so that it may run closures."""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any
from uuid import uuid4

from celery.contrib.testing.worker import start_worker

from tolva.core.job import JobId, Queue
from tolva.core.ports import QueueSlots, RunNext
from tolva.engines.celery import CeleryEngine, Perform, declare_tasks, make_app
from tolva.settings import Settings


class CeleryInside(CeleryEngine):
    """The engine as it is; only what Celery's own command line does otherwise is done here."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(make_app(settings))
        self._settings = settings
        self._stopped = threading.Event()

    def serve(self, queues: Sequence[QueueSlots], run_next: RunNext) -> None:
        def perform(queue: str) -> None:
            if run_next(queue) and not self._stopped.is_set():
                self.ring(queue, [JobId("")])

        with ExitStack() as stack:
            for each in queues:
                stack.enter_context(self._worker(each, perform))
            self._stopped.wait()
        self.close()

    def _worker(self, line: QueueSlots, perform: Perform) -> AbstractContextManager[Any]:
        """One for each queue, as whoever keeps queues apart in Celery starts them."""
        app = make_app(self._settings)
        app.conf.update(imports=[], worker_hijack_root_logger=False)
        declare_tasks(app, [Queue(line.queue)], perform)
        name = f"{line.queue}-{uuid4().hex}@here"
        return start_worker(app, line.slots, "threads", hostname=name, perform_ping_check=False, shutdown_timeout=60)

    def stop(self) -> None:
        self._stopped.set()

    def deaf(self) -> str | None:
        return None
