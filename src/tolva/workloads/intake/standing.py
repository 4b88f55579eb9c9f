"""What stands of a load in its table, what undoes it or undid it, and which later loads stand."""

from dataclasses import dataclass

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tolva.core.job import JobId
from tolva.db.pool import Connection
from tolva.workloads.intake.sql import SQL

NAMED = 10
"""Later loads that are named; the last ones."""
LOOKED = 10_000
"""Uploads for a schema among which they are looked for, the last ones: some hundredths of a second."""


@dataclass(frozen=True)
class Standing:
    """Whether a load `did` something to its table, and whether something of that is `left`."""

    did: bool
    left: bool

    @property
    def undone(self) -> bool:
        """Whether all that it did is put back."""
        return self.did and not self.left


@dataclass(frozen=True)
class Later:
    """Loads after one: `id` and `filename`, the newest first. `whole`: where none is named, there is none."""

    loads: list[DictRow]
    whole: bool


def standing_of(conn: Connection, load_id: str) -> Standing:
    """What stands of a load, as far as it is known."""
    found = conn.execute(SQL["standing"], {"job_id": load_id}).fetchone()
    assert found is not None, "an aggregate always yields a row"
    return Standing(found["did"], found["left"])


def undo_key(load_id: str) -> str:
    """What makes the undo of a load one job at a time."""
    return f"undo {load_id}"


def open_undo(conn: Connection, load_id: str) -> JobId | None:
    """The job that undoes a load just now."""
    return _undo(conn, "open_undo", load_id)


def last_undo(conn: Connection, load_id: str) -> JobId | None:
    """The last undo of a load that was completed, as long as it is kept."""
    return _undo(conn, "last_undo", load_id)


def later_loads(conn: Connection, load: DictRow, *, alike: bool) -> Later:
    """Loads for the schema of the upload of a load that came after it and stand; `alike`: for its constants, too."""
    asked = {"job_id": load["job_id"], "schema": load["schema"], "looked": LOOKED}
    only = {"constants": Jsonb(load["constants"]) if alike else None, "most": NAMED}
    found = conn.execute(SQL["later_loads"], asked | only).fetchall()
    return Later(found, bool(found) or conn.execute(SQL["further_upload"], asked).fetchone() is None)


def _undo(conn: Connection, query: str, load_id: str) -> JobId | None:
    found = conn.execute(SQL[query], {"job_id": load_id, "unique_key": undo_key(load_id)}).fetchone()
    return JobId(str(found["id"])) if found else None
