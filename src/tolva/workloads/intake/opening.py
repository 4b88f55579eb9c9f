"""An upload, opened: where its rows come from, what they mean, and what a first pass found."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from psycopg.rows import DictRow

from tolva.connectors.blobs import Blobs
from tolva.errors import InvalidInput, NotFound, Unanswered
from tolva.jobs.context import Context
from tolva.tables.check import Checked, check
from tolva.tables.column_refs import ref_of
from tolva.tables.currency import currency_notes
from tolva.tables.map import known_names, match_headers
from tolva.tables.outline import outline
from tolva.tables.proposal import ColumnMapping, Match
from tolva.tables.reading import open_source
from tolva.tables.reading.findings import Findings
from tolva.tables.reading.options import ReadOptions
from tolva.tables.reading.source import Frame, Position, Source
from tolva.tables.reading.watch import Watch
from tolva.tables.repeats import repeat_errors
from tolva.tables.schema import Schema
from tolva.tables.survey import Survey, survey
from tolva.tables.written import signs_shown
from tolva.workloads.intake.doubt_notes import doubt_notes
from tolva.workloads.intake.mappings import describe_match
from tolva.workloads.intake.said_locale import said_locale
from tolva.workloads.intake.schemas import schema_of, with_configured
from tolva.workloads.intake.settled import Settled, keep_settled, settle, settled_of
from tolva.workloads.intake.stored import blob_of, find_upload

SMALL = 1_000
SMALLEST_CHUNK = 10
LARGEST_CHUNK = 10_000


@dataclass(frozen=True)
class Intake:
    """An opened upload."""

    source: Source
    schema: Schema
    mapping: ColumnMapping
    found: Survey
    constants: Mapping[str, str]
    said: Mapping[str, str | None]
    """What its sender said of columns."""
    locale_said: bool
    """Whether its sender said how numbers and dates are meant, if only that they are as the columns show."""
    settled: Settled
    """The same and what was remembered, when its first attempt began."""

    @property
    def told(self) -> dict[str, Any]:
        """What its progress says from the start: how the file was read, and what of it is left aside."""
        notes = [
            *self.source.findings.notes,
            *doubt_notes(self.mapping, self.found.notations, self.settled),
            *filter(None, [self.found.key_only]),
            *currency_notes(self.mapping, self.schema),
        ]
        read = {"notes": notes, "remembered_locale": self.settled.locale, "signs": signs_shown(self.found.notations)}
        return {
            "ignored_columns": list(self.mapping.ignored),
            "read": self.source.findings.to_json() | read,
            "mapping": {match.field: match.header for match in self.mapping.matches},
            "matches": [self._told(match) for match in self.mapping.matches],
        }

    def outcome(self, checked: Checked, refused: pl.DataFrame) -> Checked:
        """What became of a chunk, given what its table refused (ERROR_COLUMNS, each under the name of a field)."""
        headers = {match.field: match.header for match in self.mapping.matches}
        named = pl.col("column").str.split(", ").list.eval(pl.element().replace(headers)).list.join(", ")
        return checked.without(refused.with_columns(named))

    def _told(self, match: Match) -> dict[str, Any]:
        headers = self.source.headers
        told = {"field": match.field, "column": ref_of(match.column, headers), "header": headers[match.column]}
        return told | {"how": describe_match(match, headers, self.said), "confidence": match.confidence}


def chunk_rows(total: int) -> int:
    """Rows of one transaction: every ten of a small file, and few enough of a large one to show it moving.

    >>> [chunk_rows(n) for n in (300, 50_000, 2_000_000)]
    [10, 5000, 10000]
    """
    return SMALLEST_CHUNK if total <= SMALL else min(total // 10, LARGEST_CHUNK)


def upload_of(ctx: Context, job_id: str, defaults: Mapping[str, str]) -> tuple[DictRow, Schema]:
    """The upload that a job was for, and its schema. Raises NotFound."""
    with ctx.transaction() as conn:
        upload = find_upload(conn, job_id)
        if upload is None:
            raise NotFound(f"The upload of job {job_id} is gone: it outlived TOLVA_RETENTION_DAYS.")
        return upload, with_configured(schema_of(conn, upload), upload["schema_version"], defaults)


def open_upload(ctx: Context, upload: DictRow, schema: Schema, blobs: Blobs, scratch: Path) -> Intake:
    """The file of an upload.

    Raises InvalidInput and its like when the file cannot be read or its columns leave a question open, and what
    `ctx.check` raises.
    """
    source = open_file(upload, schema, blobs, scratch, ctx.check)
    said, shape = upload["options"].get("mapping", {}), outline(source)
    with _told_what_was_read(ctx, source.findings):
        settled = settled_of(upload)
        if settled is None:
            with ctx.transaction() as conn:
                settled = settle(conn, upload, schema, source, shape, said, said_locale(upload))
        mapping = match_headers(source.headers, schema, settled.mapping)
    schema = settled.read(schema)
    found = survey(source, mapping, schema, ctx.check)
    return Intake(source, schema, mapping, found, upload["constants"], said, said_locale(upload) is not None, settled)


def begin(ctx: Context, intake: Intake, counters: Mapping[str, int]) -> None:
    """Show what was found, and hold on to what the file is read by: from here on rows are written by it."""
    with ctx.transaction() as conn:
        keep_settled(conn, ctx.job_id, intake.settled)
        ctx.progress(**counters, **intake.told)


@contextmanager
def _told_what_was_read(ctx: Context, found: Findings) -> Generator[None]:
    """Headers that do not fit may be of the wrong sheet or row: the error and the progress tell which were read."""
    try:
        yield
    except InvalidInput as error:
        # What was said of a column that there is not lists the headers by itself.
        read = found.told if isinstance(error, Unanswered) else " ".join(found.notes)
        error.args = (f"{str(error).rstrip('.')}. {read}".rstrip(),)
        ctx.progress(read=found.to_json())
        raise


def open_file(
    upload: DictRow,
    schema: Schema,
    blobs: Blobs,
    scratch: Path,
    watch: Watch,
    options: ReadOptions | None = None,
) -> Source:
    """The file of an upload, read as its sender said or as `options` say. Raises what `open_source` and `watch` do."""
    return open_source(
        blobs.local(blob_of(upload), scratch),
        upload["kind"],
        scratch,
        name=upload["filename"],
        known=known_names(schema),
        options=options or ReadOptions(**upload["options"].get("read", {})),
        watch=watch,
    )


def checked_frames(intake: Intake, at: Position | None) -> Iterator[tuple[Frame, Checked]]:
    """The file's rows after `at`, frame by frame, each with what the checks found."""
    for frame in intake.source.frames(at, chunk_rows(intake.found.total)):
        checked = check(frame, intake.mapping, intake.schema, intake.found.signs)
        yield frame, checked.without(repeat_errors(frame.rows, intake.found.repeats, intake.mapping))
