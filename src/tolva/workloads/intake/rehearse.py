"""The job that says what a load would do, and does nothing: the same statements, on a shadow of the table.

The shadow is a temporary table of the same form, into which each chunk first brings the stored rows of its keys. It
lives in one session, so an attempt that follows another goes through the file from its beginning again; what the one
before has noted already is not noted twice.
"""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import polars as pl

from tolva.connectors.blobs import Blobs
from tolva.connectors.destinations import Destinations
from tolva.core.job import Json
from tolva.db.pool import Connection
from tolva.jobs.context import Context
from tolva.tables.ahead import ahead
from tolva.tables.check import Checked
from tolva.tables.ledger import PASSING, PASSING_LEDGER, Entry, taken_lines
from tolva.tables.load import Loaded
from tolva.tables.shadow import create_shadow
from tolva.tables.sift import load_sifted
from tolva.workloads.intake.answered import answer_earlier
from tolva.workloads.intake.faults import error_columns
from tolva.workloads.intake.opening import Intake, begin, checked_frames, open_upload, upload_of
from tolva.workloads.intake.place import ChunkOutcome
from tolva.workloads.intake.placed import session_beside
from tolva.workloads.intake.repeated_rows import rows_alike
from tolva.workloads.intake.tally import Tally
from tolva.workloads.intake.unclear import require_clear


def rehearse_upload(ctx: Context, blobs: Blobs, destinations: Destinations, defaults: Mapping[str, str]) -> Json:
    """Count and list what loading this upload would do now. Raises what `load_upload` raises."""
    upload, schema = upload_of(ctx, ctx.job_id, defaults)
    with blobs.scratch() as scratch, session_beside(ctx, destinations, schema) as session:
        intake = open_upload(ctx, upload, schema, blobs, scratch)
        require_clear(ctx, intake)
        answer_earlier(ctx)
        return {**_rehearse(ctx, session, intake), "dry_run": True}


def _rehearse(ctx: Context, session: Connection, intake: Intake) -> Json:
    total = intake.found.total
    session.execute(create_shadow(intake.schema))
    session.execute(PASSING_LEDGER)
    tally = Tally.from_json(ctx.checkpoint)
    seen = tally.position.row if tally.position else -1
    begin(ctx, intake, tally.counters(total))
    loaded = None
    with closing(ahead(checked_frames(intake, None))) as pieces:
        for frame, checked in pieces:
            entry = Entry(PASSING, ctx.job_id, frame.next.row)
            loaded, refused, lines = _chunk(ctx, session, intake, checked, entry, tally.keys_left, loaded)
            outcome = intake.outcome(checked, refused)
            if frame.next.row <= seen:
                continue
            alike = rows_alike(outcome.good, intake.found, intake.schema.file_key)
            tally = tally.after(frame, outcome, loaded, intake.found.repeated_in(frame.rows["row"]), alike)
            with ctx.transaction() as conn:
                done = ChunkOutcome(tally.to_json(), tally.counters(total), error_columns(outcome.errors), ledger=lines)
                done.write(ctx, conn)
    return tally.result(total)


def _chunk(
    ctx: Context,
    session: Connection,
    intake: Intake,
    checked: Checked,
    entry: Entry,
    keep: int,
    like: Loaded | None,
) -> tuple[Loaded, pl.DataFrame, list[dict[str, Any]]]:
    """What the chunk does to the shadow, the rows that the table refuses, and the lines of the ledger that say so."""
    ctx.check()
    with session.transaction():
        loaded, refused = load_sifted(
            session, intake.schema, checked.good, intake.constants, entry, like=like, keep=keep, rehearsal=True
        )
        return loaded, refused, taken_lines(session)
