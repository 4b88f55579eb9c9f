"""What a file is read by beside its schema: what its sender said, then what is remembered of files like it.

It is settled once for an upload. A later attempt at its job reads the rest by the same, whatever was said meanwhile;
and so does the load that follows a dry run, which else would have foretold another one. A correction is read by what
the load was read by that it corrects.
"""

from dataclasses import asdict, dataclass, field

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tolva.core.job import Json
from tolva.db.pool import Connection
from tolva.tables.column_choices import Choices
from tolva.tables.outline import Outline
from tolva.tables.reading.source import Source
from tolva.tables.schema import Schema
from tolva.tables.written import Sign, written_so
from tolva.workloads.intake.corrected import Corrected, corrected_by, still_meant
from tolva.workloads.intake.mappings import chosen_mapping
from tolva.workloads.intake.said_locale import remembered_locale
from tolva.workloads.intake.sql import SQL


@dataclass(frozen=True)
class Settled:
    """What was said or remembered of a file."""

    mapping: dict[str, str | None]
    """Field by column."""
    locale: str | None
    """What is remembered of numbers and dates, where the sender said nothing of them."""
    signs: dict[str, Sign] = field(default_factory=dict[str, Sign])
    """By field, how its column was read in the load that is corrected; likewise."""

    def read(self, schema: Schema) -> Schema:
        """The schema for the file."""
        return written_so(schema.in_locale(self.locale), self.signs)


def settled_of(upload: DictRow) -> Settled | None:
    """What an upload is read by; None while that is open."""
    return Settled(**upload["settled"]) if upload["settled"] else None


def settle(
    conn: Connection,
    upload: DictRow,
    schema: Schema,
    source: Source,
    shape: Outline,
    said: Choices,
    locale: str | None,
) -> Settled:
    """What holds just now for a file of that shape, given what is `said` of its columns, and the `locale` if any is."""
    corrected = corrected_by(conn, upload, schema)
    if corrected:
        return _as_corrected(conn, corrected, schema, source, shape, said, locale)
    chosen = chosen_mapping(conn, schema, source, shape, said)
    remembered = remembered_locale(conn, schema.name, shape, upload["constants"]) if locale is None else None
    return Settled(chosen, remembered)


def _as_corrected(
    conn: Connection,
    corrected: Corrected,
    schema: Schema,
    source: Source,
    shape: Outline,
    said: Choices,
    locale: str | None,
) -> Settled:
    taken = still_meant(corrected.mapping, source.headers, schema, said)
    chosen = chosen_mapping(conn, schema, source, shape, {**taken, **said})
    return Settled(chosen, corrected.locale, corrected.signs) if locale is None else Settled(chosen, None)


def keep_settled(conn: Connection, job_id: str, settled: Settled) -> None:
    """Note it with the upload of a job, unless that was done before."""
    conn.execute(SQL["settle"], {"job_id": job_id, "settled": Jsonb(asdict(settled))})


def foretold(conn: Connection, upload: DictRow, options: Json) -> Settled | None:
    """What a load reads by of which a dry run of that upload, with the same `options`, told what it will do."""
    row = conn.execute(SQL["foretold"], {"job_id": upload["job_id"], "options": Jsonb(options)}).fetchone()
    return settled_of(row) if row else None
