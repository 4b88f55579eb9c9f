"""Celery's own workers, with processes of their own, for handlers that only the test's process has."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.connection import Connection, Listener
from pathlib import Path

from tests.engines.wire import ADDRESS, QUEUE
from tests.jobs.workshop import until
from tolva.core.job import JobId
from tolva.core.ports import QueueSlots, RunNext
from tolva.engines.celery import CeleryEngine, make_app
from tolva.settings import Settings

ROOT = Path(__file__).parents[2]
START = 60.0
"""Seconds that workers may take to begin on a busy machine."""


class CeleryInside(CeleryEngine):
    """The engine as it is, and the end of the wire at which Celery's workers ask this process for the work."""

    def __init__(self, settings: Settings, address: str) -> None:
        super().__init__(make_app(settings))
        self._address = address
        self._stopped = threading.Event()
        self._calls: list[threading.Thread] = []
        self._free: dict[str, threading.Semaphore] = {}

    def serve(self, queues: Sequence[QueueSlots], run_next: RunNext) -> None:
        with Listener(self._address, "AF_UNIX", backlog=64) as listener:
            # The workers have two slots for the longer queue, also where a test asks for one.
            self._free = {each.queue: threading.Semaphore(each.slots) for each in queues}
            threading.Thread(target=self._accept, args=(listener, run_next), daemon=True).start()
            self._stopped.wait()
        for call in self._calls:
            call.join()

    def stop(self) -> None:
        self._stopped.set()

    def deaf(self) -> str | None:
        return None

    def _accept(self, listener: Listener, run_next: RunNext) -> None:
        with suppress(OSError, EOFError):  # closed
            while not self._stopped.is_set():
                call = threading.Thread(target=self._call, args=(listener.accept(), run_next))
                call.start()
                self._calls.append(call)

    def _call(self, wire: Connection, run_next: RunNext) -> None:
        with wire, suppress(OSError, EOFError):
            queue = wire.recv()
            if queue not in self._free or not self._free[queue].acquire(blocking=False):
                wire.send(False)
                return
            try:
                more = run_next(queue)
            except Exception as error:
                wire.send(error)
                return
            finally:
                self._free[queue].release()
            if more and not self._stopped.is_set():
                self.ring(queue, [JobId("")])
            wire.send(more)


@contextmanager
def celery_workers(address: str, environment: dict[str, str], lines: Sequence[QueueSlots]) -> Iterator[None]:
    """A worker for each queue, as whoever keeps queues apart in Celery starts them."""
    with ExitStack() as stack:
        for line in lines:
            options = ["-Q", line.queue, "-c", str(line.slots), "-n", f"{line.queue}@test", "-l", "ERROR"]
            quiet = ["--without-mingle", "--without-gossip"]
            command = [sys.executable, "-m", "celery", "--quiet", "-A", "tests.engines.celery_callback:app", "worker"]
            own = {ADDRESS: address, QUEUE: line.queue, "C_FORCE_ROOT": "1", **environment}
            worker = subprocess.Popen([*command, *options, *quiet], cwd=ROOT, env=os.environ | own)
            stack.callback(worker.wait)
            stack.callback(worker.terminate)
        until(lambda: all(Path(f"{address}.{line.queue}").exists() for line in lines), START)
        yield
