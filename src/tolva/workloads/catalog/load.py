"""The job that loads an uploaded file into its table: read, check and load chunk by chunk, each in one transaction."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from psycopg.rows import DictRow

from tolva.connectors.blobs import Blobs
from tolva.core.job import Json
from tolva.db.pool import Connection
from tolva.errors import NotFound
from tolva.jobs.context import Context
from tolva.tables.ahead import ahead
from tolva.tables.check import Checked, check
from tolva.tables.document import builtin_schema
from tolva.tables.ledger import OWN, Entry
from tolva.tables.load import load
from tolva.tables.map import Mapping as ColumnMapping
from tolva.tables.map import known_names, match_headers
from tolva.tables.reading import open_source
from tolva.tables.reading.source import Frame, Position, Source
from tolva.tables.schema import Schema
from tolva.tables.survey import Survey, survey
from tolva.workloads.catalog.sql import SQL
from tolva.workloads.catalog.tally import MOST_KEYS, Tally

SMALLEST_CHUNK = 10
LARGEST_CHUNK = 10_000


@dataclass(frozen=True)
class Intake:
    """An opened upload: where its rows come from, what they mean, and what was found in a first pass."""

    source: Source
    schema: Schema
    mapping: ColumnMapping
    found: Survey
    constants: Mapping[str, str]


def chunk_rows(total: int) -> int:
    """Rows of one transaction: every ten of a small file, and few enough of a large one to show it moving.

    >>> [chunk_rows(n) for n in (300, 50_000, 2_000_000)]
    [10, 1000, 10000]
    """
    return max(SMALLEST_CHUNK, min(total // 50, LARGEST_CHUNK))


def load_upload(ctx: Context, blobs: Blobs, defaults: Mapping[str, str]) -> Json:
    """Load the upload of this job. Each chunk commits its rows, errors, counts and checkpoint together.

    Raises InvalidInput when the file as a whole cannot be loaded; then no row was written.
    """
    upload = _upload(ctx)
    with blobs.scratch() as scratch:
        return _load(ctx, _open(upload, blobs, scratch, defaults))


def _load(ctx: Context, intake: Intake) -> Json:
    total = intake.found.total
    tally = Tally.from_json(ctx.checkpoint)
    ctx.progress(**tally.counters(total), ignored_columns=list(intake.mapping.ignored))
    uniform = True
    for frame, checked in ahead(_checked_frames(intake, tally.position, chunk_rows(total))):
        with ctx.transaction() as conn:
            entry = Entry(OWN, ctx.job_id, frame.next.row)
            left = MOST_KEYS - len(tally.keys)
            loaded = load(conn, intake.schema, checked.good, intake.constants, entry, uniform=uniform, keep=left)
            _note_errors(conn, ctx, checked.errors)
            tally = tally.after(frame, checked, loaded, intake.found.repeated_in(frame.rows["row"]))
            ctx.save(tally.to_json())
            ctx.progress(**tally.counters(total))
        uniform = loaded.uniform
    return tally.result(total)


def _checked_frames(intake: Intake, at: Position | None, rows: int) -> Iterator[tuple[Frame, Checked]]:
    for frame in intake.source.frames(at, rows):
        yield frame, check(frame, intake.mapping, intake.schema, intake.found.signs)


def _upload(ctx: Context) -> DictRow:
    with ctx.transaction() as conn:
        upload = conn.execute(SQL["upload_of"], {"job_id": ctx.job_id}).fetchone()
    if upload is None:
        raise NotFound(f"Job {ctx.job_id} has no upload.")
    return upload


def _open(upload: DictRow, blobs: Blobs, scratch: Path, defaults: Mapping[str, str]) -> Intake:
    schema = builtin_schema(upload["schema"]).with_defaults(defaults)
    file = blobs.path(upload["blob"])
    source = open_source(file, upload["kind"], scratch, name=upload["filename"], known=known_names(schema))
    mapping = match_headers(source.headers, schema)
    return Intake(source, schema, mapping, survey(source, mapping, schema), upload["constants"])


def _note_errors(conn: Connection, ctx: Context, errors: pl.DataFrame) -> None:
    if errors.is_empty():
        return
    given = {name: errors[name].to_list() for name in ("row", "column", "value", "code", "message")}
    places = errors.select(pl.int_range(pl.len()).over("row").alias("n"))["n"].to_list()
    conn.execute(SQL["add_errors"], given | {"n": places, "job_id": ctx.job_id, "tenant_id": ctx.tenant_id})
