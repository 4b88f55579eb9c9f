"""API and workers under one roof, as `tolva up` runs them."""

import socket
import threading
from collections.abc import Sequence

from tolva import app
from tolva.serve.api import serve_api
from tolva.serve.crews import worker_parts
from tolva.serve.part import Part, end_parts, keep_parts
from tolva.settings import Settings
from tolva.web.server.listener import listen_beside


def serve_all(settings: Settings, listener: socket.socket, stop: threading.Event, more: Sequence[Part] = ()) -> None:
    """API, workers, and what else is to run, as processes of their own, until `stop` is set."""
    listeners = _listeners(settings, listener)
    apis = [Part("api", serve_api, settings, each) for each in listeners]
    parts = [*apis, *worker_parts(settings, app.shares(settings)), *more]
    try:
        keep_parts(parts, stop)
    finally:
        for each in listeners:
            each.close()  # else whoever comes when the APIs have ended waits for an answer until the worker has, too
        end_parts(parts, 2 * settings.grace_seconds + 5)  # the answers of the API may take as long as the jobs


def _listeners(settings: Settings, first: socket.socket) -> list[socket.socket]:
    """One for each process of the API; where that also does the work, there is one."""
    apis = 1 if app.shares(settings).inside else settings.api_processes
    return [first, *(listen_beside(first) for _ in range(1, apis))]
