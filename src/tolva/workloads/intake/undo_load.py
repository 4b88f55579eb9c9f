"""The job that undoes a load, chunk by chunk from its end; what has changed since is left alone and listed."""

from collections.abc import Mapping
from typing import Any

from psycopg.rows import DictRow

from tolva.connectors.destinations import Destinations
from tolva.core.job import FINISHED, JobId, Json, State
from tolva.errors import TryLater
from tolva.jobs.context import Context
from tolva.jobs.store import note_undone
from tolva.tables.rights import check_rights
from tolva.tables.undo import undo_chunk
from tolva.tables.undone import Undone
from tolva.workloads.intake.mappings import forget_words_of
from tolva.workloads.intake.opening import upload_of
from tolva.workloads.intake.place import ChunkOutcome, Place
from tolva.workloads.intake.placed import placed
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.standing import later_loads, standing_of
from tolva.workloads.intake.undo_conflicts import conflict_lines


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
                errors = conflict_lines(done, at["counts"]["conflicts"], several=len(schema.file_key) > 1)
                at = {"before": line["last_row"], "counts": _added(at["counts"], done)}
                place.keep(ChunkOutcome(at, _counters(at["counts"]), errors, _mark(load_id, line, done)))
    with ctx.transaction() as conn:  # at the end: a load that an undo leaves half whole still says what it said
        forget_words_of(conn, upload)
        if standing_of(conn, load_id).undone:
            note_undone(conn, JobId(load_id), ctx.job_id)
    later = _later_loads(ctx, upload) if at["counts"]["conflicts"] else []
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


def _later_loads(ctx: Context, load: DictRow) -> list[str]:
    """The loads of the same schema after this one whose changes stand: they may be what it is in conflict with."""
    with ctx.transaction() as conn:
        return [str(load["id"]) for load in later_loads(conn, load, alike=False).loads]


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
