"""The job that undoes a load, chunk by chunk from its end; what has changed since is left alone and listed."""

import json
from collections.abc import Mapping
from typing import Any

from psycopg.rows import DictRow

from tolva.connectors.destinations import Destinations
from tolva.core.job import FINISHED, JobId, Json, NewJob, State
from tolva.errors import CallerError, Conflict, NotFound, TryLater
from tolva.jobs.context import Context
from tolva.jobs.work import Jobs
from tolva.tables.rights import check_rights
from tolva.tables.undo import undo_chunk
from tolva.tables.undone import UndoConflict, Undone
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller
from tolva.workloads.intake.accept import LOAD, REHEARSE
from tolva.workloads.intake.opening import upload_of
from tolva.workloads.intake.place import ChunkOutcome, Place, placed
from tolva.workloads.intake.row_key import Key, key_told, row_key
from tolva.workloads.intake.sql import SQL

UNDO = "undo"
"""The kind of job."""
LATER_LOADS = 10
"""How many loads an undo names that may have changed the rows since; the last ones."""


def ask_undo(jobs: Jobs, by: Caller, load_id: str) -> JobId:
    """Make the job that undoes a load that has ended, however it ended; asked again, it is the same job.

    Raises NotFound for what is no load of this tenant, Conflict for a dry run or an undo, and while the load runs.
    """
    with jobs.work(by.tenant_id) as work:
        load = work.conn.execute(SQL["load_of"], {"job_id": load_id}).fetchone()
        if load is None or load["kind"] != LOAD:
            raise _no_load(load, load_id)
        if State(load["state"]) not in FINISHED:
            raise Conflict(f"Load {load_id} has not ended. Cancel it or wait, then undo it.")
        name = load["filename"]
        undo = NewJob(UNDO, {"undo_of": load_id, "filename": name}, unique_key=undo_key(load_id), label=name)
        [made] = work.enqueue(undo)
        if made.created:
            note(work.conn, by, "load.undo", load_id, job=made.id)
    return made.id


def _no_load(job: DictRow | None, id: str) -> CallerError:
    """Why there is nothing to undo, and what to do instead."""
    if job and job["kind"] == REHEARSE:
        return Conflict(
            f"Job {id} was a dry run: it wrote nothing, and there is nothing to undo. What it foretold:"
            f" tolva jobs changes {id}, or GET /api/v1/jobs/{id}/changes."
        )
    if job and job["kind"] == UNDO:
        return Conflict(f"Job {id} is itself an undo. To have the load's changes again, load the file again.")
    return NotFound(f"There is no load {id}.")


def undo_key(load_id: str) -> str:
    """What makes the undo of a load one job at a time."""
    return f"undo {load_id}"


def undo_load(ctx: Context, destinations: Destinations, defaults: Mapping[str, str]) -> Json:
    """Put back what the load did. Each chunk commits what it put back, its conflicts and the counts together."""
    load_id = str(ctx.params["undo_of"])
    upload, schema = upload_of(ctx, load_id, defaults)
    with placed(ctx, destinations, schema, ended_load=load_id) as place:
        left = _left(ctx, load_id)
        if left["left_created"]:  # said before anything is put back, which would else be half an undo
            with place.chunk() as conn:
                check_rights(conn, schema, removing=True)
        at: Json = ctx.checkpoint or {"before": None, "counts": _nothing_yet(left["left"])}
        while line := _last_line(ctx, load_id, at["before"]):
            with place.chunk() as conn:
                done = undo_chunk(conn, schema, upload["constants"], line, ctx.check)
                done = _settled(place, load_id, line, done)
                errors = _conflict_lines(done, at["counts"]["conflicts"], several=len(schema.file_key) > 1)
                at = {"before": line["last_row"], "counts": _added(at["counts"], done)}
                place.keep(ChunkOutcome(at, _counters(at["counts"]), errors, _mark(load_id, line, done)))
    later = _later_loads(ctx, load_id) if at["counts"]["conflicts"] else []
    return at["counts"] | {"undo_of": load_id, "later_loads": later}


def _left(ctx: Context, load_id: str) -> DictRow:
    """How much there is to undo: `left`, and of it what has to be removed, `left_created`."""
    with ctx.transaction() as conn:
        size = conn.execute(SQL["ledger_size"], {"job_id": load_id}).fetchone()
    assert size is not None, "an aggregate always yields a row"
    return size


def _nothing_yet(total: int) -> dict[str, int]:
    return {"total": total, "removed": 0, "restored": 0, "gone": 0, "conflicts": 0}


def _last_line(ctx: Context, load_id: str, before: int | None) -> DictRow | None:
    """What the ledger says of the last chunk, before a row, that is not wholly put back."""
    with ctx.transaction() as conn:
        load = conn.execute(SQL["load_of"], {"job_id": load_id}).fetchone()
        if load is not None and State(load["state"]) not in FINISHED:
            raise TryLater(f"Load {load_id} goes on again; it is undone when it has ended.")
        return conn.execute(SQL["last_line"], {"job_id": load_id, "before": before}).fetchone()


def _settled(place: Place, load_id: str, line: DictRow, done: Undone) -> Undone:
    """A row that is gone is no conflict where the load had made it before it changed it in this chunk."""
    if not done.gone_changed:
        return done
    asked = {"job_id": load_id, "before": line["last_row"], "keys": list(done.gone_changed)}
    with place.own() as conn:
        made = {row["key"] for row in conn.execute(SQL["made_before"], asked).fetchall()}
    return done.without(made, line["changed_keys"])


def _mark(load_id: str, line: DictRow, done: Undone) -> Json:
    left = {"left_created": list(done.left_created), "left_changed": list(done.left_changed)}
    return {"job_id": load_id, "last_row": line["last_row"], **left}


def _later_loads(ctx: Context, load_id: str) -> list[str]:
    """The loads of the same schema after this one whose changes stand: they may be what it is in conflict with."""
    with ctx.transaction() as conn:
        found = conn.execute(SQL["later_loads"], {"job_id": load_id, "most": LATER_LOADS}).fetchall()
    return [str(load["job_id"]) for load in found]


def _added(counts: dict[str, Any], done: Undone) -> dict[str, Any]:
    return {
        "total": counts["total"],
        "removed": counts["removed"] + done.removed,
        "restored": counts["restored"] + done.restored,
        "gone": counts["gone"] + done.gone,
        "conflicts": counts["conflicts"] + len(done.left_created) + len(done.left_changed),
    }


def _counters(counts: dict[str, Any]) -> dict[str, int]:
    good = counts["removed"] + counts["restored"] + counts["gone"]
    return {
        "total": counts["total"],
        "processed": good + counts["conflicts"],
        "successful": good,
        "failed": counts["conflicts"],
    }


def _conflict_lines(done: Undone, before: int, *, several: bool) -> Json:
    """The conflicts as columns of errors, by key; `row` only keeps them in order."""
    numbers = {key: before + n for n, key in enumerate(dict.fromkeys(c.key for c in done.conflicts), start=1)}
    seen = dict.fromkeys(numbers, 0)
    columns: dict[str, list[Any]] = {name: [] for name in ("row", "n", "key", "column", "value", "code", "message")}
    for conflict in done.conflicts:
        key = row_key(conflict.key, several=several)
        at = numbers[conflict.key], seen[conflict.key], json.dumps(key)
        what = conflict.field or "", conflict.now or "", "changed_since", _said(key, conflict)
        for name, cell in zip(columns, (*at, *what), strict=True):
            columns[name].append(cell)
        seen[conflict.key] += 1
    return columns


def _said(key: Key, conflict: UndoConflict) -> str:
    """The key, the row of the file where it is known, and what is the matter.

    >>> _said("A1", UndoConflict("A1", 7, None, None, "la fila ya no existe"))
    'A1 (fila 7 del archivo): la fila ya no existe'
    """
    told = key_told(key)
    where = told if conflict.row is None else f"{told} (fila {conflict.row} del archivo)"
    return f"{where}: {conflict.said}"
