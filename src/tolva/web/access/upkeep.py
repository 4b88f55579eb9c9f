"""Logins that are over and old lines of the audit log are deleted."""

from tolva.db.pool import Database
from tolva.jobs.upkeep import Chore
from tolva.web.access.sql import SQL

PORTION = 2000
"""Logins, and lines, deleted in one statement."""
RARELY = 600.0
"""Seconds: what is over is refused by itself, it only takes room."""


def access_chores(db: Database, keep_audit: float) -> list[Chore]:
    """The chores of keys and logins. `keep_audit` in seconds."""
    return [Chore("prune access", RARELY, lambda: prune_access(db, keep_audit))]


def prune_access(db: Database, keep_audit: float) -> bool:
    """Delete a portion of what has outlived its time."""
    with db.connection() as conn:
        row = conn.execute(SQL["prune_access"], {"kept": keep_audit, "most": PORTION}).fetchone()
    return bool(row and row["gone"] >= PORTION)
