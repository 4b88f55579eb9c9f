"""The database that a process needs before it can serve."""

import logging
import threading

from tolva import app
from tolva.errors import TryLater

log = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds between two tries."""


def await_database(server: app.Server, stop: threading.Event) -> None:
    """Wait for a PostgreSQL that is down; raises SettingsError for one that is up but not set up."""
    while not stop.is_set():
        try:
            return app.prepare(server)
        except TryLater as error:
            log.warning("%s Trying again.", error)
            stop.wait(PAUSE)
    return None
