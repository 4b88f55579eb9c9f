"""Answers that stood for their requests long enough are deleted."""

from tolva.db.pool import Database
from tolva.jobs.upkeep import Chore
from tolva.web.idempotency import KEPT
from tolva.web.sql import SQL

PORTION = 2000
"""Answers deleted in one statement."""
RARELY = 600.0
"""Seconds: a key that comes again is freed by itself, the others only take room."""


def request_chores(db: Database) -> list[Chore]:
    """The chore of requests that may be sent again."""
    return [Chore("prune requests", RARELY, lambda: prune_requests(db))]


def prune_requests(db: Database) -> bool:
    """Delete a portion of the answers that have outlived their time, of every tenant."""
    with db.connection() as conn:
        row = conn.execute(SQL["prune_requests"], {"kept": KEPT, "most": PORTION}).fetchone()
    return bool(row and row["gone"] == PORTION)
