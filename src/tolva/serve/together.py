"""API and worker under one roof, as `tolva up` runs them."""

import logging
import multiprocessing
import socket
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.context import SpawnProcess

from tolva.engines import INSIDE
from tolva.jobs.lifeline import die_with_parent
from tolva.serve.api import serve_api
from tolva.serve.worker import serve_worker
from tolva.settings import Settings
from tolva.web.server.listener import listen_beside

log = logging.getLogger(__name__)

RESTART_PAUSE = 1.0
"""Seconds before a part that ended by itself is started again."""


def serve_all(settings: Settings, listener: socket.socket, stop: threading.Event) -> None:
    """API and worker as processes of their own, each started again when it dies, until `stop` is set."""
    listeners = _listeners(settings, listener)
    parts = _parts(settings, listeners)
    try:
        while not stop.wait(0.2):
            for part in parts:
                part.keep_running()
    finally:
        for each in listeners:
            each.close()  # else whoever comes when the APIs have ended waits for an answer until the worker has, too
        for part in parts:
            part.end()
        for part in parts:
            part.wait(2 * settings.grace_seconds + 5)  # the answers of the API may take as long as the jobs


class _Part:
    """A process that is to run for as long as we do."""

    def __init__(self, name: str, run: Callable[..., None], args: tuple[object, ...]) -> None:
        self._name = name
        self._run = run
        self._args = args
        self._process: SpawnProcess | None = None
        self._next_start = 0.0

    def keep_running(self) -> None:
        if self._process is not None and self._process.exitcode is not None:
            log.error("the %s ended by itself (exit code %s); starting it again", self._name, self._process.exitcode)
            self._process, self._next_start = None, time.monotonic() + RESTART_PAUSE
        if self._process is None and time.monotonic() >= self._next_start:
            self._process = multiprocessing.get_context("spawn").Process(target=self._run, args=self._args)
            self._process.start()

    def end(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def wait(self, patience: float) -> None:
        if self._process is not None:
            self._process.join(patience)
            self._process.kill()
            self._process.join()


def _listeners(settings: Settings, first: socket.socket) -> list[socket.socket]:
    """One for each process of the API; where that also does the work, there is one."""
    apis = 1 if settings.engine in INSIDE else settings.api_processes
    return [first, *(listen_beside(first) for _ in range(1, apis))]


def _parts(settings: Settings, listeners: Sequence[socket.socket]) -> list[_Part]:
    apis = [_Part("api", _api_part, (settings, each)) for each in listeners]
    return apis if settings.engine in INSIDE else [*apis, _Part("worker", _worker_part, (settings,))]


def _api_part(settings: Settings, listener: socket.socket) -> None:
    die_with_parent()
    serve_api(settings, listener)


def _worker_part(settings: Settings) -> None:
    die_with_parent()
    serve_worker(settings)
