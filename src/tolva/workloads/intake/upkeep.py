"""Uploads go with their jobs: when a job was pruned, its file and the errors of its rows are deleted."""

from tolva.connectors.blobs import ABANDONED, Blobs
from tolva.db.pool import Database
from tolva.jobs.upkeep import Chore
from tolva.settings import DAY, Settings
from tolva.workloads.intake.resumable.upkeep import prune_resumable
from tolva.workloads.intake.sql import SQL

PORTION = 500
FEW = 100
"""Files that one transaction waits for while their store deletes them."""
RARELY = 600.0
"""Seconds: nobody waits for what has outlived its time to go."""


def intake_chores(settings: Settings, db: Database, blobs: Blobs) -> list[Chore]:
    """The chores of this workload."""
    kept = settings.retention_days * DAY
    return [
        Chore("forget uploads", RARELY, lambda: forget_uploads(db, blobs, kept)),
        Chore("prune resumable uploads", RARELY, lambda: prune_resumable(db, blobs)),
        Chore("take back files", RARELY, lambda: take_back_files(db, blobs)),
        Chore("sweep files", RARELY, lambda: sweep_files(blobs)),
    ]


def forget_uploads(db: Database, blobs: Blobs, kept: float) -> bool:
    """Delete a portion of the uploads whose job is gone, which no job is before `kept` seconds have passed.

    The files first, so that a crash in between is made good.
    """
    with db.connection() as conn:
        gone = conn.execute(SQL["abandoned_uploads"], {"kept": kept, "most": PORTION}).fetchall()
        for upload in gone:
            if upload["blob"] is not None:
                blobs.delete(upload["blob"])
        conn.execute(SQL["forget_uploads"], {"jobs": [upload["job_id"] for upload in gone]})
    return len(gone) == PORTION


def take_back_files(db: Database, blobs: Blobs) -> bool:
    """Delete a portion of the files that were stored for uploads which never came to be, since something crashed."""
    with db.transaction() as conn:
        left = conn.execute(SQL["forget_unclaimed"], {"age": ABANDONED, "most": FEW}).fetchall()
        for file in left:
            blobs.delete(file["blob"])
    return len(left) == FEW


def sweep_files(blobs: Blobs) -> bool:
    """Delete what was half received when something crashed."""
    blobs.sweep()
    return False
