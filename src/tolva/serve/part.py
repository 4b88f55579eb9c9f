"""Processes that are to run for as long as the one that starts them does."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.context import SpawnProcess

from tolva.jobs.spawned import spawn

log = logging.getLogger(__name__)

LOOK = 0.2
"""Seconds between two looks at the parts."""
RESTART_PAUSE = 1.0
"""Seconds before a part that ended by itself is started again."""


class Part:
    """A process that is started again when it ends."""

    def __init__(self, name: str, run: Callable[..., None], *args: object) -> None:
        self._name = name
        self._run = run
        self._args = args
        self._process: SpawnProcess | None = None
        self._next_start = 0.0

    def keep_running(self) -> None:
        """Start it where it does not run."""
        if self._process is not None and self._process.exitcode is not None:
            log.error("the %s ended by itself (exit code %s); starting it again", self._name, self._process.exitcode)
            self._process, self._next_start = None, time.monotonic() + RESTART_PAUSE
        if self._process is None and time.monotonic() >= self._next_start:
            try:
                self._process = spawn(self._run, *self._args)
            except OSError as error:  # no room for a process at the moment: those that run go on
                log.error("the %s cannot be started: %s", self._name, error)
                self._next_start = time.monotonic() + RESTART_PAUSE

    def end(self) -> None:
        """Ask it to end."""
        if self._process is not None:
            self._process.terminate()

    def wait(self, patience: float) -> None:
        """Until it has ended; it is killed after `patience` in seconds."""
        if self._process is not None:
            self._process.join(patience)
            self._process.kill()
            self._process.join()


def keep_parts(parts: Sequence[Part], stop: threading.Event) -> None:
    """Keep all of them running until `stop` is set."""
    while not stop.wait(LOOK):
        for part in parts:
            part.keep_running()


def end_parts(parts: Sequence[Part], patience: float) -> None:
    """End all of them, each within `patience` in seconds."""
    for part in parts:
        part.end()
    for part in parts:
        part.wait(patience)
