"""What a file is read by beside its schema: what its sender said, then what is remembered of files like it.

It is settled once for an upload. A later attempt at its job reads the rest by the same, whatever was said meanwhile;
and so does the load that follows a dry run, which else would have foretold another one.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tolva.core.job import Json
from tolva.db.pool import Connection
from tolva.tables.column_choices import Choices
from tolva.tables.outline import Outline
from tolva.tables.reading.source import Source
from tolva.tables.schema import Schema
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


def settled_of(upload: DictRow) -> Settled | None:
    """What an upload is read by; None while that is open."""
    return Settled(**upload["settled"]) if upload["settled"] else None


def settle(
    conn: Connection,
    schema: Schema,
    source: Source,
    shape: Outline,
    constants: Mapping[str, str],
    said: Choices,
    locale: str | None,
) -> Settled:
    """What holds just now for a file of that shape, given what is `said` of its columns, and the `locale` if any is."""
    chosen = chosen_mapping(conn, schema, source, shape, said)
    remembered = remembered_locale(conn, schema.name, shape, constants) if locale is None else None
    return Settled(chosen, remembered)


def keep_settled(conn: Connection, job_id: str, settled: Settled) -> None:
    """Note it with the upload of a job, unless that was done before."""
    conn.execute(SQL["settle"], {"job_id": job_id, "settled": Jsonb(asdict(settled))})


def foretold(conn: Connection, upload: DictRow, options: Json) -> Settled | None:
    """What a load reads by of which a dry run of that upload, with the same `options`, told what it will do."""
    row = conn.execute(SQL["foretold"], {"job_id": upload["job_id"], "options": Jsonb(options)}).fetchone()
    return settled_of(row) if row else None
