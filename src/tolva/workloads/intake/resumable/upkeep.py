"""Uploads that nobody went on with are deleted, with their pieces."""

from tolva.connectors.blobs import Blobs
from tolva.db.pool import Database
from tolva.workloads.intake.resumable.sql import SQL

PORTION = 100


def prune_resumable(db: Database, blobs: Blobs) -> bool:
    """Delete a portion of those whose time is over, of every tenant. The files first: see `forget_uploads`."""
    with db.connection() as conn:
        gone = conn.execute(SQL["expired"], {"most": PORTION}).fetchall()
        for upload in gone:
            for key in upload["blobs"]:
                blobs.delete(key)
        conn.execute(SQL["forget_expired"], {"ids": [upload["id"] for upload in gone]})
    return len(gone) == PORTION
