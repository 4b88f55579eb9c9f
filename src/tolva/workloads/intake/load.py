"""The job that loads an uploaded file into its table: read, check and load chunk by chunk, each in one transaction."""

from collections.abc import Mapping
from contextlib import closing

from psycopg.rows import DictRow

from tolva.connectors.blobs import Blobs
from tolva.connectors.destinations import Destinations
from tolva.core.job import Json
from tolva.errors import InvalidInput
from tolva.jobs.context import Context
from tolva.tables.ahead import ahead
from tolva.tables.ledger import Entry
from tolva.tables.outline import outline
from tolva.tables.sift import load_sifted
from tolva.tables.target import hold_target
from tolva.workloads.intake.answered import answer_earlier
from tolva.workloads.intake.faults import error_columns
from tolva.workloads.intake.mappings import keep_mapping
from tolva.workloads.intake.opening import Intake, begin, checked_frames, open_upload, upload_of
from tolva.workloads.intake.place import ChunkOutcome, Place
from tolva.workloads.intake.placed import placed
from tolva.workloads.intake.repeated_rows import rows_alike
from tolva.workloads.intake.said_locale import keep_locale, said_locale
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.standing import open_undo
from tolva.workloads.intake.tally import Tally
from tolva.workloads.intake.unclear import require_clear


def load_upload(ctx: Context, blobs: Blobs, destinations: Destinations, defaults: Mapping[str, str]) -> Json:
    """Load the upload of this job. Each chunk commits its rows, errors, counts and checkpoint together.

    Raises InvalidInput when the file as a whole cannot be loaded; then no row was written.
    """
    with ctx.transaction() as conn:
        size = conn.execute(SQL["ledger_size"], {"job_id": ctx.job_id}).fetchone()
        undoing = open_undo(conn, ctx.job_id)
    if undoing or (size is not None and size["left"] < size["touched"]):
        raise InvalidInput("Esta carga se deshizo; envíe el archivo otra vez.")
    upload, schema = upload_of(ctx, ctx.job_id, defaults)
    with blobs.scratch() as scratch, placed(ctx, destinations, schema) as place:
        intake = open_upload(ctx, upload, schema, blobs, scratch)
        require_clear(ctx, intake)
        answer_earlier(ctx)
        result = _load(ctx, intake, place)
        _keep_answers(ctx, upload, intake)
    return result


def _keep_answers(ctx: Context, upload: DictRow, intake: Intake) -> None:
    said_of_signs = said_locale(upload) is not None
    if not (intake.said or said_of_signs):
        return
    shape = outline(intake.source)
    with ctx.transaction() as conn:
        if intake.said:
            keep_mapping(conn, upload, intake.schema, intake.source, shape, intake.mapping, intake.said)
        if said_of_signs:
            decided = any(notation.declared for notation in intake.found.notations.values())
            keep_locale(conn, upload, shape, decided=decided)


def _load(ctx: Context, intake: Intake, place: Place) -> Json:
    total = intake.found.total
    tally = Tally.from_json(ctx.checkpoint)
    begin(ctx, intake, tally.counters(total))
    loaded = None
    with closing(ahead(checked_frames(intake, tally.position))) as pieces:
        for frame, checked in pieces:
            with place.chunk() as conn:
                hold_target(conn, intake.schema)
                entry = Entry(place.ledger, ctx.job_id, frame.next.row)
                loaded, refused = load_sifted(
                    conn, intake.schema, checked.good, intake.constants, entry, like=loaded, keep=tally.keys_left
                )
                outcome = intake.outcome(checked, refused)
                alike = rows_alike(outcome.good, intake.found, intake.schema.file_key)
                tally = tally.after(frame, outcome, loaded, intake.found.repeated_in(frame.rows["row"]), alike)
                place.keep(ChunkOutcome(tally.to_json(), tally.counters(total), error_columns(outcome.errors)))
    return tally.result(total)
