"""Whether a worker hears its rings, noted where everybody sees it: one that lives and is deaf looks healthy."""

import logging
from collections.abc import Callable

from tolva.db.pool import Database
from tolva.jobs.sql import SQL

log = logging.getLogger(__name__)


class Hearing:
    """Of one worker. `deaf` says why it hears nothing at the moment; None when it does."""

    def __init__(self, db: Database, worker_id: str, deaf: Callable[[], str | None]) -> None:
        self._db = db
        self._worker_id = worker_id
        self._deaf = deaf
        self._noted: str | None = None

    def note(self) -> None:
        """Write down what has changed. Raises DatabaseUnavailable."""
        reason = self._deaf()
        if reason == self._noted:
            return
        with self._db.connection() as conn:
            conn.execute(SQL["note_deaf"], {"workers": [self._worker_id], "reason": reason})
        self._noted = reason
