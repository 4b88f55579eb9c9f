"""The job that says what a load would do, and does nothing: the same statements, on a shadow of the table.

The shadow is a temporary table of the same form, into which each chunk first brings the stored rows of its keys. It
lives in one session, so an attempt that follows another goes through the file from its beginning again; what the one
before has noted already is not noted twice.
"""

from collections.abc import Mapping

from psycopg.rows import DictRow

from tolva.connectors.blobs import Blobs
from tolva.core.job import Json
from tolva.db.pool import Connection
from tolva.jobs.context import Context
from tolva.tables.ahead import ahead
from tolva.tables.check import Checked
from tolva.tables.ledger import OWN, Entry
from tolva.tables.load import Loaded, load
from tolva.tables.shadow import LEDGER, create_shadow, noted
from tolva.workloads.intake.faults import note_errors
from tolva.workloads.intake.opening import Intake, checked_frames, open_upload
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.tally import Tally


def rehearse_upload(ctx: Context, blobs: Blobs, defaults: Mapping[str, str]) -> Json:
    """Count and list what loading this upload would do now. Raises what `load_upload` raises."""
    with blobs.scratch() as scratch, ctx.session("dry run") as session:
        return {**_rehearse(ctx, session, open_upload(ctx, blobs, scratch, defaults)), "dry_run": True}


def _rehearse(ctx: Context, session: Connection, intake: Intake) -> Json:
    total = intake.found.total
    for statement in create_shadow(intake.schema, OWN):
        session.execute(statement)
    tally = Tally.from_json(ctx.checkpoint)
    seen = tally.position.row if tally.position else -1
    ctx.progress(**tally.counters(total), **intake.told)
    uniform = True
    for frame, checked in ahead(checked_frames(intake, None)):
        loaded, line = _chunk(ctx, session, intake, checked, frame.next.row, tally.keys_left, uniform=uniform)
        uniform = loaded.uniform
        if frame.next.row <= seen:
            continue
        tally = tally.after(frame, checked, loaded, intake.found.repeated_in(frame.rows["row"]))
        with ctx.transaction() as conn:
            if line is not None:
                conn.execute(SQL["add_ledger"], line)
            note_errors(conn, ctx, checked.errors)
            ctx.save(tally.to_json())
            ctx.progress(**tally.counters(total))
    return tally.result(total)


def _chunk(
    ctx: Context, session: Connection, intake: Intake, checked: Checked, last_row: int, keep: int, *, uniform: bool
) -> tuple[Loaded, DictRow | None]:
    """What the chunk does to the shadow, and the line of the ledger that says so."""
    ctx.check()
    entry = Entry(LEDGER, ctx.job_id, last_row)
    with session.transaction():
        loaded = load(
            session, intake.schema, checked.good, intake.constants, entry, uniform=uniform, keep=keep, rehearsal=True
        )
        return loaded, session.execute(noted(), {"last_row": last_row}).fetchone()
