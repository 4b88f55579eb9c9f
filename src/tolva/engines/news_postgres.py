"""Wake-ups by NOTIFY: a way that is open wherever PostgreSQL is, unless a pooler between us does not pass them on."""

from collections.abc import Generator
from contextlib import contextmanager

from tolva.db.faults import translated
from tolva.db.pool import Connection, Database
from tolva.engines.news import Hear
from tolva.errors import TryLater
from tolva.jobs.sql import SQL

CHANNEL = "tolva_news"
ECHO = 2.0
"""Seconds within which a wake-up of our own must come back."""


class PostgresWay:
    """Over the database that holds the jobs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def announce(self) -> None:
        """Notify, without waiting for the disk."""
        with self._db.connection() as conn:
            conn.execute(SQL["announce"], {"channel": CHANNEL})

    @contextmanager
    def listening(self) -> Generator[Hear]:
        """Over a connection of its own."""
        with translated(), self._db.dedicated("news") as conn:
            conn.execute(f"LISTEN {CHANNEL}")
            self.announce()
            if not _hear(conn, ECHO):
                raise TryLater("NOTIFY does not come through: a pooler hands the connection around.")
            yield lambda seconds: _hear(conn, seconds)


def _hear(conn: Connection, seconds: float) -> bool:
    return any(True for _ in conn.notifies(timeout=seconds, stop_after=1))
