"""How the attempts of a process hear that they were cancelled or lost: one question for all of them."""

import logging
import threading

from tolva.core.job import JobId
from tolva.db.pool import Database
from tolva.errors import TryLater
from tolva.jobs.attempt import Attempts
from tolva.jobs.dispatcher import Dispatcher
from tolva.jobs.sql import SQL

log = logging.getLogger(__name__)

PULSE = 0.5
"""Seconds between two questions; a cancelled job hears of it within this."""


def keep_pulse(db: Database, worker_id: str, dispatcher: Dispatcher, attempts: Attempts, stop: threading.Event) -> None:
    """Ask, and tidy the dispatcher, until `stop` is set. Does nothing while nothing runs."""
    while not stop.wait(PULSE):
        try:
            dispatcher.tidy()
            ask(db, worker_id, attempts)
        except TryLater as error:
            log.warning("cannot ask after running jobs: %s", error)
        except Exception:
            log.exception("cannot ask after running jobs")  # without a pulse nobody hears of a cancellation: go on


def ask(db: Database, worker_id: str, attempts: Attempts) -> None:
    """Let every attempt know how it stands. Raises DatabaseUnavailable."""
    asked = list(attempts)
    if not asked:
        return
    with db.connection() as conn:
        rows = conn.execute(SQL["running"], {"worker": worker_id}).fetchall()
    attempts.hear(asked, {JobId(row["job_id"]): (row["attempt"], row["cancel_requested"]) for row in rows})
