"""What webhooks need again and again: events are handed over, and what was set aside for too long is deleted."""

from tolva.db.pool import Database
from tolva.jobs.upkeep import Chore
from tolva.settings import DAY, Settings
from tolva.workloads.webhooks.outbox import hand_over
from tolva.workloads.webhooks.sql import SQL

PORTION = 2000
"""Lines deleted in one statement."""
RARELY = 600.0
"""Seconds: what was set aside holds up nobody, it only takes room."""


def webhook_chores(settings: Settings, db: Database) -> list[Chore]:
    """The chores of this workload. What was set aside is kept as long as jobs that failed."""
    kept = settings.dead_letter_days * DAY
    return [
        Chore("hand over webhooks", 1.0, lambda: hand_over(db)),
        Chore("prune webhooks", RARELY, lambda: prune_lines(db, kept)),
    ]


def prune_lines(db: Database, kept: float) -> bool:
    """Delete a portion of the lines that were set aside, of every tenant, with events older than `kept` seconds."""
    with db.connection() as conn:
        row = conn.execute(SQL["prune_lines"], {"kept": kept, "most": PORTION}).fetchone()
    return bool(row and row["gone"] == PORTION)
