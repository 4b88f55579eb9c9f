"""What of a chunk is to be put back, in temporary tables: one of rows that the load made, one of those it changed.

A row leaves its table when it is put back; what remains is what had to be left.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql

from tolva.tables.columns import column_type
from tolva.tables.ledger import key_parts
from tolva.tables.schema import Field
from tolva.tables.shape import Shape
from tolva.tables.undone import Part

MADE_NAME, CHANGED_NAME = "tolva_undo_made", "tolva_undo_changed"
MADE, CHANGED = (sql.Identifier("pg_temp", name) for name in (MADE_NAME, CHANGED_NAME))
Columns = list[tuple[str, sql.Composable]]


def stage_part(conn: psycopg.Connection[Any], shape: Shape, fields: Sequence[Field], part: Part) -> None:
    """Make the tables, for a chunk in which the load changed these fields. They last until the transaction ends."""
    several = len(shape.key) > 1
    made = ([n, key, hash, *key_parts(key, several=several)] for n, key, hash in part.made)
    changed = (
        [n, key, row, *key_parts(key, several=several), *was, *became] for n, key, row, was, became in part.changed
    )
    _stage(conn, MADE_NAME, _made_columns(shape), made)
    _stage(conn, CHANGED_NAME, _changed_columns(shape, fields), changed)


def was(field: Field) -> sql.Identifier:
    """What the changed row `staged` had before the load."""
    return sql.Identifier("staged", f"_was_{field.name}")


def became(field: Field) -> sql.Identifier:
    """What the load left in it; null where it changed nothing."""
    return sql.Identifier("staged", f"_became_{field.name}")


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


def _stage(conn: psycopg.Connection[Any], name: str, columns: Columns, rows: Iterable[Sequence[object]]) -> None:
    """The transaction's temporary table of that name, with these rows; `_said` is why the target refuses one."""
    table = sql.Identifier("pg_temp", name)
    defined = sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(name), kind) for name, kind in columns)
    conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table), prepare=False)
    create = sql.SQL('CREATE TEMP TABLE {} ({}, "_said" text) ON COMMIT DROP').format(sql.Identifier(name), defined)
    conn.execute(create, prepare=False)
    copied = sql.SQL(", ").join(sql.Identifier(name) for name, _ in columns)
    with conn.cursor() as cursor, cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(table, copied)) as copy:
        for row in rows:
            copy.write_row(row)
