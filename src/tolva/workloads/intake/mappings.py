"""What a tenant said of columns, remembered for the next file that has them."""

from collections.abc import Mapping
from typing import Any

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from tolva.db.pool import Connection
from tolva.errors import NotFound
from tolva.tables.map import SURE, answered, propose_mapping
from tolva.tables.outline import digest, outline
from tolva.tables.places import columns_called, is_named, place
from tolva.tables.reading.source import Source
from tolva.tables.schema import Schema
from tolva.workloads.intake.sql import SQL

Said = Mapping[str, str | None]
"""Fields (None: leave the column out) by what the answer calls the column."""


def keep_mapping(conn: Connection, tenant_id: str, schema: Schema, source: Source, said: Said) -> None:
    """Remember answers: by header, or for files of this shape alone by place, where the header tells no column."""
    if not said:
        return
    headers, found = source.headers, outline(source)
    answers = answered(headers, schema, said)
    named = {headers[column]: field for column, field in answers.items() if is_named(column, headers)}
    placed = {place(column): field for column, field in answers.items() if not is_named(column, headers)}
    about = {"tenant_id": tenant_id, "schema": schema.name}
    if named:
        conn.execute(SQL["keep_mappings"], about | _columns(named) | {"shape": "", "outline": None})
    if placed:
        given = about | _columns(placed) | {"shape": digest(found), "outline": Jsonb(found)}
        conn.execute(SQL["forget_outdated"], given)
        conn.execute(SQL["keep_mappings"], given)


def _columns(said: Said) -> dict[str, list[str | None]]:
    return {"names": list(said), "fields": list(said.values())}


def chosen_mapping(conn: Connection, schema: Schema, source: Source, said: Said) -> dict[str, str | None]:
    """What was said for this file, then what is remembered of its shape, then of headers that nothing else tells.

    What is remembered for a field that is spoken for, or for one that the schema lost, does not count.
    """
    known = {"schema": schema.name, "shape": digest(outline(source))}
    rows = conn.execute(SQL["mappings_for"], known).fetchall()
    fields = {field.name for field in schema.file_fields}
    exact = _still_open(rows, source, said, fields, by_shape=True)
    chosen = exact | dict(said)
    sure = [match for match in propose_mapping(source.headers, schema, chosen).matches if match.confidence >= SURE]
    told = chosen | {place(match.column): match.field for match in sure}
    return _still_open(rows, source, told, fields, by_shape=False) | chosen


def _still_open(rows: list[DictRow], source: Source, told: Said, fields: set[str], *, by_shape: bool) -> dict[str, Any]:
    """Remembered answers for columns and fields of which nothing is told yet."""
    columns = {column for name in told for column in columns_called(name, source.headers)}
    free = {None, *fields} - set(filter(None, told.values()))
    found: dict[str, Any] = {}
    for row in rows:
        meant = columns_called(row["name"], source.headers)
        if bool(row["shape"]) == by_shape and len(meant) == 1 and meant[0] not in columns and row["field"] in free:
            found[row["name"]] = row["field"]
    return found


def list_mappings(conn: Connection, schema: str) -> list[DictRow]:
    """All that is remembered for a schema: `name`, `field`, and the `outline` of the only files that are meant."""
    return conn.execute(SQL["mappings"], {"schema": schema}).fetchall()


def forget_mappings(conn: Connection, schema: str, name: str | None = None) -> int:
    """Forget what was said of a header or place, or of all of them; returns how many answers. Raises NotFound."""
    forgotten = conn.execute(SQL["forget_mappings"], {"schema": schema, "name": name}).rowcount
    if name is not None and not forgotten:
        raise NotFound(f"Nothing is remembered of '{name}' for the schema '{schema}'.")
    return forgotten
