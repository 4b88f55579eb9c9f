"""Whether a load can be undone or is undone, and what would stand without it."""

from typing import Any

from psycopg.rows import DictRow

from tolva.core.job import JobId
from tolva.db.pool import Connection
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.undo import undo_key

NAMED = 10
"""Later loads that a page names; the last ones."""
LOOKED = 1_000
"""Uploads after a load among which they are looked for."""


def way_back(conn: Connection, id: JobId) -> dict[str, Any]:
    """Whether there is something to undo or all is undone, the job that does so just now, and the one that did."""
    undoable, undone = _left(conn, id)
    asked = {"job_id": id, "unique_key": undo_key(id)}
    undo = conn.execute(SQL["open_undo"], asked).fetchone()
    done = conn.execute(SQL["last_undo"], asked).fetchone() if undone else None
    by = {"undoing": undo and str(undo["id"]), "undid": done and str(done["id"])}
    return {"undoable": undoable, "undone": undone} | by


def is_undone(conn: Connection, id: JobId) -> bool:
    """Whether a load did something, and all of it is put back."""
    return _left(conn, id)[1]


def loads_alike(conn: Connection, load_id: str) -> list[DictRow]:
    """Loads after this one for its schema and constants that stand: `id` and `filename`, the newest first."""
    return conn.execute(SQL["loads_alike"], {"job_id": load_id, "looked": LOOKED, "most": NAMED}).fetchall()


def _left(conn: Connection, id: JobId) -> tuple[bool, bool]:
    load = conn.execute(SQL["something_left"], {"job_id": id}).fetchone()
    did, left = (load["did_something"], load["something_left"]) if load else (False, False)
    return left, did and not left
