"""Puts back what one chunk of a load did, as its ledger tells; what has changed since is left alone and told.

A row that the load made is removed if it still holds what it held then. Of a row that it changed, each changed value is
put back if all of them are still what the load left there.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from tolva.tables.columns import column_type
from tolva.tables.ledger import row_hash
from tolva.tables.schema import Field, Schema
from tolva.tables.shape import Shape
from tolva.tables.sift import REFUSALS
from tolva.tables.upsert import lock, parameters, same_key, there, touched

MADE_NAME, CHANGED_NAME = "tolva_undo_made", "tolva_undo_changed"
MADE, CHANGED = (sql.Identifier("pg_temp", name) for name in (MADE_NAME, CHANGED_NAME))
OF_MADE = ("created_keys", "created_hashes")
OF_CHANGED = ("changed_rows", "changed_keys", "was", "became")

# gone      what could be removed; what remains of the made rows is in conflict: changed since, or removed already
REMOVE = """
WITH gone AS (
    DELETE FROM {target} AS target USING {taken} AS taken WHERE {same} AND {hash} = taken."_hash" RETURNING taken."_n"
)
SELECT taken."_key", EXISTS (SELECT FROM {target} AS target WHERE {same}) AS there
FROM {taken} AS taken WHERE NOT EXISTS (SELECT FROM gone WHERE gone."_n" = taken."_n") ORDER BY taken."_n"
"""
# restored  the rows whose changed values are still those that the load left
RESTORE = """
WITH restored AS (
    UPDATE {target} AS target SET {assignments} FROM {taken} AS taken WHERE {same} AND {untouched} RETURNING taken."_n"
)
SELECT taken."_row", taken."_key", {there} AS there, {states}
FROM {taken} AS taken LEFT JOIN {target} AS target ON {same}
WHERE NOT EXISTS (SELECT FROM restored WHERE restored."_n" = taken."_n") ORDER BY taken."_n"
"""


@dataclass(frozen=True)
class Conflict:
    """Something that the load did and that was not put back. `field` is None where the whole row is meant."""

    key: str
    row: int | None
    field: str | None
    now: str | None
    said: str


@dataclass(frozen=True)
class Undone:
    """What became of a chunk."""

    removed: int
    restored: int
    conflicts: tuple[Conflict, ...]

    def __add__(self, other: "Undone") -> "Undone":
        """Both one after the other."""
        return Undone(self.removed + other.removed, self.restored + other.restored, (*self.conflicts, *other.conflicts))


def undo_chunk(
    conn: psycopg.Connection[Any], schema: Schema, constants: Mapping[str, str], chunk: Mapping[str, Any]
) -> Undone:
    """Undoes a chunk, given its line of the ledger; a load is undone from its last chunk to its first.

    What the table does not allow (others refer to the row, say) is a conflict too. Runs in the caller's transaction,
    which has `app.tenant_id` set. Loads of the same target wait for it.
    """
    shape = Shape.of(schema, [field.name for field in schema.file_fields])
    values = parameters(shape, constants)
    conn.execute(lock(shape), values, prepare=False)
    fields = [schema.field(name) for name in chunk["fields"]]
    _create(conn, MADE_NAME, _made_columns(shape))
    _create(conn, CHANGED_NAME, _changed_columns(shape, fields))
    return _undone(conn, shape, fields, chunk, values)


def _undone(
    conn: psycopg.Connection[Any],
    shape: Shape,
    fields: Sequence[Field],
    chunk: Mapping[str, Any],
    values: dict[str, Any],
) -> Undone:
    """What the table refuses is looked for by halves."""
    try:
        with conn.transaction():
            restored, altered = _restore(conn, shape, fields, chunk, values)
            removed, kept = _remove(conn, shape, chunk, values)
            conn.execute("SET CONSTRAINTS ALL IMMEDIATE")
        return Undone(removed, restored, (*altered, *kept))
    except REFUSALS as refusal:
        if len(chunk["created_keys"]) + len(chunk["changed_keys"]) == 1:
            return Undone(0, 0, (_refused(chunk, refusal),))
    first, second = _halves(chunk)
    return _undone(conn, shape, fields, first, values) + _undone(conn, shape, fields, second, values)


def _refused(chunk: Mapping[str, Any], refusal: psycopg.Error) -> Conflict:
    [key] = chunk["created_keys"] or chunk["changed_keys"]
    [row] = chunk["changed_rows"] or [None]
    return Conflict(key, row, None, None, f"la base de datos no permite deshacerla: {refusal.diag.message_primary}")


def _halves(chunk: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The changed rows and the made ones, or each half of those that there are."""
    made, changed = len(chunk["created_keys"]), len(chunk["changed_keys"])
    at_made, at_changed = (0, changed) if made and changed else (made // 2, changed // 2)
    early = {name: chunk[name][:at_made] for name in OF_MADE} | {name: chunk[name][:at_changed] for name in OF_CHANGED}
    late = {name: chunk[name][at_made:] for name in OF_MADE} | {name: chunk[name][at_changed:] for name in OF_CHANGED}
    return early, late


def _remove(
    conn: psycopg.Connection[Any], shape: Shape, chunk: Mapping[str, Any], values: dict[str, Any]
) -> tuple[int, list[Conflict]]:
    keys: list[str] = chunk["created_keys"]
    if not keys:
        return 0, []
    rows = (
        [n, key, hash, *key_parts(key, shape)]
        for n, (key, hash) in enumerate(zip(keys, chunk["created_hashes"], strict=True))
    )
    with conn.cursor(row_factory=tuple_row) as cursor:
        _fill(cursor, MADE, rows)
        statement = sql.SQL(REMOVE).format(
            target=sql.Identifier(shape.schema.target),
            taken=MADE,
            same=same_key(shape, "taken"),
            hash=row_hash(shape, "target"),
        )
        left = cursor.execute(statement, values, prepare=False).fetchall()
    conflicts = [
        Conflict(key, None, None, None, "la fila cambió después de la carga" if there else "la fila ya no existe")
        for key, there in left
    ]
    return len(keys) - len(left), conflicts


def _restore(
    conn: psycopg.Connection[Any],
    shape: Shape,
    fields: Sequence[Field],
    chunk: Mapping[str, Any],
    values: dict[str, Any],
) -> tuple[int, list[Conflict]]:
    keys: list[str] = chunk["changed_keys"]
    if not keys:
        return 0, []
    rows = (
        [n, key, row, *key_parts(key, shape), *was, *became]
        for n, (key, row, was, became) in enumerate(
            zip(keys, chunk["changed_rows"], chunk["was"], chunk["became"], strict=True)
        )
    )
    with conn.cursor(row_factory=tuple_row) as cursor:
        _fill(cursor, CHANGED, rows)
        left = cursor.execute(_restore_statement(shape, fields), values, prepare=False).fetchall()
    conflicts = [conflict for row in left for conflict in _altered(row, fields)]
    return len(keys) - len(left), conflicts


def _restore_statement(shape: Shape, fields: Sequence[Field]) -> sql.Composed:
    cases = "{} = CASE WHEN {} IS NULL THEN {} ELSE {} END"
    assignments = [
        sql.SQL(cases).format(sql.Identifier(f.name), _became(f), sql.Identifier("target", f.name), _was(f))
        for f in fields
    ]
    untouched = [
        sql.SQL("({} IS NULL OR {} = {})").format(_became(field), sql.Identifier("target", field.name), _became(field))
        for field in fields
    ]
    states = [sql.SQL("{}::text, {}::text").format(sql.Identifier("target", f.name), _became(f)) for f in fields]
    return sql.SQL(RESTORE).format(
        target=sql.Identifier(shape.schema.target),
        taken=CHANGED,
        assignments=sql.SQL(", ").join([*assignments, touched(shape)]),
        there=there(shape),
        same=same_key(shape, "taken"),
        untouched=sql.SQL(" AND ").join(untouched),
        states=sql.SQL(", ").join(states),
    )


def _altered(row: tuple[Any, ...], fields: Sequence[Field]) -> list[Conflict]:
    """The fields of a row whose value is no longer the one that the load left."""
    number, key, there, *states = row
    if not there:
        return [Conflict(key, number, None, None, "la fila ya no existe")]
    pairs = zip(fields, states[::2], states[1::2], strict=True)
    return [
        Conflict(key, number, field.name, now, f"es {_shown(now)} ahora; la carga dejó {_shown(became)}")
        for field, now, became in pairs
        if became is not None and now != became
    ]


def _shown(value: str | None) -> str:
    return "vacío" if value is None else f'"{value[:60]}"'


Columns = list[tuple[str, sql.Composable]]


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


def key_parts(key: str, shape: Shape) -> list[str]:
    """The parts of a key that the ledger holds as one text."""
    return [key] if len(shape.key) == 1 else [str(part) for part in json.loads(key)]


def _was(field: Field) -> sql.Identifier:
    return sql.Identifier("taken", f"_was_{field.name}")


def _became(field: Field) -> sql.Identifier:
    return sql.Identifier("taken", f"_became_{field.name}")
