"""Which keys and logins are in force, in memory: for addresses whose guesses are not worth a look-up each."""

import threading
import time
from dataclasses import dataclass

from tolva.db.pool import Database
from tolva.web.access.keys import has_keys
from tolva.web.access.sql import SQL
from tolva.web.probe import Probe

FRESH = 1.0
"""Seconds that what was read counts, for those who are in it."""
APART = 0.25
"""Seconds from one reading to the next, for those who are not: a login's first page comes right after it."""
PATIENCE = 3.0
"""Seconds that the database is waited for."""
BYTES = 8
"""Of each hash, as the function has them: enough to tell guesses from keys, and too few to tell a key by."""
MOST = 100_000
"""Keys and logins that are held, some 10 MB. Where there are more, any guess is looked up."""
MOST_WAITING = 8
"""Calls that wait for the next reading, out of the threads of the process; others are refused at once."""


@dataclass(frozen=True)
class _Page:
    beginnings: frozenset[bytes]
    whole: bool

    def may_hold(self, hash: bytes) -> bool:
        return not self.whole or hash[:BYTES] in self.beginnings


class Roll:
    """Read again when somebody asks, once for all who do; never larger than MOST, however many there are."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known = Probe(self._read, patience=PATIENCE, fresh=FRESH)
        self._seats = threading.BoundedSemaphore(MOST_WAITING)
        self._has_keys = False

    def may_hold(self, hash: bytes) -> bool:
        """Whether it can be one of them, by what was true when this was called. Raises TryLater."""
        now = time.monotonic()
        return self._known().may_hold(hash) or self._came_lately(hash, now)

    def has_keys(self) -> bool:
        """Whether any key was ever made, which stays so. Raises DatabaseUnavailable."""
        if not self._has_keys:
            with self._db.connection() as conn:
                self._has_keys = has_keys(conn)
        return self._has_keys

    def _came_lately(self, hash: bytes, now: float) -> bool:
        if not self._seats.acquire(blocking=False):
            return False
        try:
            return self._known.since(now, APART).may_hold(hash)
        finally:
            self._seats.release()

    def _read(self) -> _Page:
        with self._db.connection() as conn:
            rows = conn.execute(SQL["roll"], {"most": MOST + 1}).fetchall()
        return _Page(frozenset(row["beginning"] for row in rows[:MOST]), whole=len(rows) <= MOST)
