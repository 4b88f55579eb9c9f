"""The job that says what a load would do, and does nothing: the same statements, on a shadow of the table.

The shadow is a temporary table of the same form, into which each chunk first brings the stored rows of its keys. It
lives in one session, so an attempt that follows another goes through the file from its beginning again; what the one
before has noted already is not noted twice.
"""

from collections.abc import Mapping

import polars as pl
from psycopg.rows import DictRow

from tolva.connectors.blobs import Blobs
from tolva.core.job import Json
from tolva.db.pool import Connection
from tolva.jobs.context import Context
from tolva.tables.ahead import ahead
from tolva.tables.check import Checked
from tolva.tables.ledger import OWN, Entry
from tolva.tables.load import Loaded
from tolva.tables.shadow import LEDGER, create_shadow, noted
from tolva.tables.sift import load_sifted
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
    loaded = None
    for frame, checked in ahead(checked_frames(intake, None)):
        loaded, refused, lines = _chunk(ctx, session, intake, checked, frame.next.row, tally.keys_left, loaded)
        outcome = checked.without(refused)
        if frame.next.row <= seen:
            continue
        tally = tally.after(frame, outcome, loaded, intake.found.repeated_in(frame.rows["row"]))
        with ctx.transaction() as conn:
            for line in lines:
                conn.execute(SQL["add_ledger"], line)
            note_errors(conn, ctx, outcome.errors)
            ctx.save(tally.to_json())
            ctx.progress(**tally.counters(total))
    return tally.result(total)


def _chunk(
    ctx: Context,
    session: Connection,
    intake: Intake,
    checked: Checked,
    last_row: int,
    keep: int,
    like: Loaded | None,
) -> tuple[Loaded, pl.DataFrame, list[DictRow]]:
    """What the chunk does to the shadow, the rows that the table refuses, and the lines of the ledger that say so."""
    ctx.check()
    entry = Entry(LEDGER, ctx.job_id, last_row)
    first_row = int(checked.good["row"][0]) if checked.good.height else last_row
    with session.transaction():
        loaded, refused = load_sifted(
            session, intake.schema, checked.good, intake.constants, entry, like=like, keep=keep, rehearsal=True
        )
        lines = session.execute(noted(), {"first_row": first_row, "last_row": last_row}).fetchall()
    return loaded, refused, lines
