"""What of a chunk is to be put back, in temporary tables: one of rows that the load made, one of those it changed."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql

from tolva.tables.columns import column_type
from tolva.tables.schema import Field
from tolva.tables.shape import Shape
from tolva.tables.undone import Row

MADE_NAME, CHANGED_NAME = "tolva_undo_made", "tolva_undo_changed"
MADE, CHANGED = (sql.Identifier("pg_temp", name) for name in (MADE_NAME, CHANGED_NAME))
Columns = list[tuple[str, sql.Composable]]


def prepare_taken(conn: psycopg.Connection[Any], shape: Shape, fields: Sequence[Field]) -> None:
    """Make the tables, for a chunk in which the load changed these fields. They last until the transaction ends."""
    _create(conn, MADE_NAME, _made_columns(shape))
    _create(conn, CHANGED_NAME, _changed_columns(shape, fields))


def take_made(cursor: psycopg.Cursor[Any], shape: Shape, made: Sequence[Row]) -> None:
    """Copy rows that the load made, in place of those that were taken before."""
    _fill(cursor, MADE, ([n, key, hash, *key_parts(key, shape)] for n, key, hash in made))


def take_changed(cursor: psycopg.Cursor[Any], shape: Shape, changed: Sequence[Row]) -> None:
    """The same for rows that the load changed."""
    rows = ([n, key, row, *key_parts(key, shape), *was, *became] for n, key, row, was, became in changed)
    _fill(cursor, CHANGED, rows)


def key_parts(key: str, shape: Shape) -> list[str]:
    """The parts of a key that the ledger holds as one text."""
    return [key] if len(shape.key) == 1 else [str(part) for part in json.loads(key)]


def was(field: Field) -> sql.Identifier:
    """What a changed row had before the load."""
    return sql.Identifier("taken", f"_was_{field.name}")


def became(field: Field) -> sql.Identifier:
    """What the load left in it; null where it changed nothing."""
    return sql.Identifier("taken", f"_became_{field.name}")


def _made_columns(shape: Shape) -> Columns:
    """Number, key as text, hash, the key's fields."""
    own: Columns = [("_n", sql.SQL("bigint")), ("_key", sql.SQL("text")), ("_hash", sql.SQL("bigint"))]
    return [*own, *((field.name, column_type(field)) for field in shape.key)]


def _changed_columns(shape: Shape, fields: Sequence[Field]) -> Columns:
    """Number, key as text, row of the file, the key's fields, and each field before and after."""
    own: Columns = [("_n", sql.SQL("bigint")), ("_key", sql.SQL("text")), ("_row", sql.SQL("bigint"))]
    key = ((field.name, column_type(field)) for field in shape.key)
    was = ((f"_was_{field.name}", column_type(field)) for field in fields)
    became = ((f"_became_{field.name}", column_type(field)) for field in fields)
    return [*own, *key, *was, *became]


def _create(conn: psycopg.Connection[Any], name: str, columns: Columns) -> None:
    """The transaction's temporary table of that name."""
    defined = sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(name), kind) for name, kind in columns)
    conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier("pg_temp", name)), prepare=False)
    create = sql.SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DROP").format(sql.Identifier(name), defined)
    conn.execute(create, prepare=False)


def _fill(cursor: psycopg.Cursor[Any], table: sql.Identifier, rows: Iterable[Sequence[object]]) -> None:
    """In place of what is in it."""
    cursor.execute(sql.SQL("DELETE FROM {}").format(table))
    with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(table)) as copy:
        for row in rows:
            copy.write_row(row)
