"""What a process at work does in a rhythm, above all: hear that attempts were cancelled or lost."""

import logging
import threading
from collections.abc import Callable, Sequence

from tolva.core.job import JobId
from tolva.db.pool import Database
from tolva.errors import TryLater
from tolva.jobs.attempt import Attempts
from tolva.jobs.sql import SQL

log = logging.getLogger(__name__)

PULSE = 0.5
"""Seconds between two rounds; a cancelled job hears of it within this."""


def keep_pulse(beats: Sequence[Callable[[], None]], stop: threading.Event) -> None:
    """Call each of `beats` in the rhythm, until `stop` is set."""
    while not stop.wait(PULSE):
        for beat in beats:
            try:
                beat()
            except TryLater as error:
                log.warning("pulse: %s", error)
            except Exception:
                log.exception("pulse")  # without one nobody hears of a cancellation: go on


def ask(db: Database, worker_id: str, attempts: Attempts) -> None:
    """Let every attempt know how it stands: one question for all of them, none while none runs.

    Raises DatabaseUnavailable.
    """
    asked = list(attempts)
    if not asked:
        return
    with db.connection() as conn:
        rows = conn.execute(SQL["running"], {"worker": worker_id}).fetchall()
    attempts.hear(asked, {JobId(row["job_id"]): (row["attempt"], row["cancel_requested"]) for row in rows})
