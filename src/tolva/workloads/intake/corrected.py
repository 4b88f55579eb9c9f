"""What a correction takes over of the load whose refused rows it brings mended: it is read as that was.

The rows that showed how a column writes are not in it, and the answers of a dry run or of an undone load are remembered
for no other file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from tolva.db.pool import Connection
from tolva.errors import InvalidInput, NotFound
from tolva.tables.column_choices import Choices
from tolva.tables.column_refs import columns_named, is_named
from tolva.tables.schema import Schema
from tolva.tables.written import Sign
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.stored import find_upload


@dataclass(frozen=True)
class Corrected:
    """How a load was read: its fields by column, its locale if any was said or remembered, its signs by field."""

    mapping: dict[str, str | None]
    locale: str | None
    signs: dict[str, Sign]


def require_corrected(conn: Connection, corrects: UUID | None, schema: str) -> None:
    """Raises NotFound where there is no such upload, InvalidInput where it was for another schema."""
    if corrects is None:
        return
    upload = find_upload(conn, str(corrects))
    if upload is None:
        raise NotFound(f"There is no upload {corrects} to correct.")
    if upload["schema"] != schema:
        raise InvalidInput(f"corrects: the upload {corrects} was for the schema '{upload['schema']}'; name that one.")


def corrected_upload(conn: Connection, upload: DictRow) -> DictRow | None:
    """The upload that another one corrects, as long as it is kept."""
    return find_upload(conn, str(upload["corrects"])) if upload["corrects"] else None


def corrected_by(conn: Connection, upload: DictRow, schema: Schema) -> Corrected | None:
    """How the load was read that an upload corrects; None where it corrects none, or one that is gone."""
    if upload["corrects"] is None or upload["schema"] != schema.name:
        return None
    row = conn.execute(SQL["read_as"], {"job_id": upload["corrects"]}).fetchone()
    if row is None:
        return None
    settled: Mapping[str, Any] = row["settled"] or {"mapping": row["options"].get("mapping", {}), "locale": None}
    said = row["options"].get("read", {}).get("locale")
    return Corrected(settled["mapping"], settled["locale"] if said is None else said or None, row["signs"] or {})


def still_meant(corrected: Choices, headers: Sequence[str], schema: Schema, said: Choices) -> dict[str, str | None]:
    """Of the answers to the load that is corrected, those that hold for these headers beside what is `said` now.

    Those that went by the place of a column are told by the headers of the workbook (see `titles`).
    """
    columns = {column for name in said for column in columns_named(name, headers)}
    free = {None, *(field.name for field in schema.file_fields)} - set(filter(None, said.values()))
    named = {headers[column]: column for column in range(len(headers)) if is_named(column, headers)}
    return {
        name: field
        for name, field in corrected.items()
        if name in named and named[name] not in columns and field in free
    }
