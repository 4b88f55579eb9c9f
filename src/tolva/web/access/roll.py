"""Which keys and logins are in force, in memory: for addresses whose guesses are not worth a look-up each."""

from tolva.db.pool import Database
from tolva.web.access.sql import SQL
from tolva.web.probe_timeout import Probe

FRESH = 1.0
"""Seconds that what was read counts."""
PATIENCE = 3.0
"""Seconds that the database is waited for."""
BYTES = 8
"""Of each hash: enough to tell guesses from keys, and too few to tell a key by."""


class Roll:
    """Read again when somebody asks, once for all who do. As large as there are keys and logins, whoever guesses."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known = Probe(self._read, patience=PATIENCE, fresh=FRESH)
        self._has_keys = False

    def may_hold(self, hash: bytes) -> bool:
        """Whether it can be one of them; what it is not is none, unless it was made just now. Raises TryLater."""
        return hash[:BYTES] in self._known()

    def has_keys(self) -> bool:
        """Whether any key was ever made, which stays so. Raises DatabaseUnavailable."""
        if not self._has_keys:
            with self._db.connection() as conn:
                row = conn.execute(SQL["has_keys"]).fetchone()
            self._has_keys = bool(row and row["has_keys"])
        return self._has_keys

    def _read(self) -> frozenset[bytes]:
        with self._db.connection() as conn:
            rows = conn.execute(SQL["roll"], {"bytes": BYTES}).fetchall()
        return frozenset(row["beginning"] for row in rows)
