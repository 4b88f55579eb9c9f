"""The two statements of undo: the rows that a load made go, the values that it changed come back.

Each only where things are still as the load left them; the rest is told.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from tolva.tables.ledger import row_hash
from tolva.tables.phrases import same_key, there, touched
from tolva.tables.schema import Field
from tolva.tables.shape import Shape
from tolva.tables.taken import CHANGED, MADE, became, take_changed, take_made, was
from tolva.tables.undone import GONE, Row, UndoConflict, Undone

CHANGED_SINCE = "la fila cambió después de la carga"

# removed   what could be; what remains of the made rows was changed since, or is not there any more
REMOVE = """
WITH removed AS (
    DELETE FROM {target} AS target USING {taken} AS taken WHERE {same} AND {hash} = taken."_hash" RETURNING taken."_n"
)
SELECT taken."_n", taken."_key", EXISTS (SELECT FROM {target} AS target WHERE {same}) AS there
FROM {taken} AS taken WHERE NOT EXISTS (SELECT FROM removed WHERE removed."_n" = taken."_n") ORDER BY taken."_n"
"""
# restored  the rows whose changed values are still those that the load left
RESTORE = """
WITH restored AS (
    UPDATE {target} AS target SET {assignments} FROM {taken} AS taken WHERE {same} AND {untouched} RETURNING taken."_n"
)
SELECT taken."_n", taken."_row", taken."_key", {there} AS there, {states}
FROM {taken} AS taken LEFT JOIN {target} AS target ON {same}
WHERE NOT EXISTS (SELECT FROM restored WHERE restored."_n" = taken."_n") ORDER BY taken."_n"
"""


def remove(conn: psycopg.Connection[Any], shape: Shape, made: Sequence[Row], values: dict[str, Any]) -> Undone:
    """Remove rows that the load made. One that is gone already is what undo wants, and no conflict."""
    if not made:
        return Undone()
    with conn.cursor(row_factory=tuple_row) as cursor:
        take_made(cursor, shape, made)
        statement = sql.SQL(REMOVE).format(
            target=sql.Identifier(shape.schema.target),
            taken=MADE,
            same=same_key(shape, "taken"),
            hash=row_hash(shape, "target"),
        )
        left = cursor.execute(statement, values, prepare=False).fetchall()
    standing = [(n, key) for n, key, there in left if there]
    return Undone(
        removed=len(made) - len(left),
        gone=len(left) - len(standing),
        conflicts=tuple(UndoConflict(key, None, None, None, CHANGED_SINCE) for _, key in standing),
        left_created=tuple(n for n, _ in standing),
    )


def restore(
    conn: psycopg.Connection[Any],
    shape: Shape,
    fields: Sequence[Field],
    changed: Sequence[Row],
    values: dict[str, Any],
) -> Undone:
    """Put back the values of rows that the load changed; all those of a row, or none."""
    if not changed:
        return Undone()
    with conn.cursor(row_factory=tuple_row) as cursor:
        take_changed(cursor, shape, changed)
        left = cursor.execute(_restore_statement(shape, fields), values, prepare=False).fetchall()
    conflicts = (conflict for _, *row in left for conflict in _altered(row, fields))
    return Undone(
        restored=len(changed) - len(left), conflicts=tuple(conflicts), left_changed=tuple(n for n, *_ in left)
    )


def _restore_statement(shape: Shape, fields: Sequence[Field]) -> sql.Composed:
    cases = "{} = CASE WHEN {} IS NULL THEN {} ELSE {} END"
    assignments = [
        sql.SQL(cases).format(sql.Identifier(f.name), became(f), sql.Identifier("target", f.name), was(f))
        for f in fields
    ]
    untouched = [
        sql.SQL("({} IS NULL OR {} = {})").format(became(field), sql.Identifier("target", field.name), became(field))
        for field in fields
    ]
    states = [sql.SQL("{}::text, {}::text").format(sql.Identifier("target", f.name), became(f)) for f in fields]
    return sql.SQL(RESTORE).format(
        target=sql.Identifier(shape.schema.target),
        taken=CHANGED,
        assignments=sql.SQL(", ").join([*assignments, touched(shape)]),
        there=there(shape),
        same=same_key(shape, "taken"),
        untouched=sql.SQL(" AND ").join(untouched),
        states=sql.SQL(", ").join(states),
    )


def _altered(row: Sequence[Any], fields: Sequence[Field]) -> list[UndoConflict]:
    """The fields of a row whose value is no longer the one that the load left."""
    number, key, there, *states = row
    if not there:
        return [UndoConflict(key, number, None, None, GONE)]
    pairs = zip(fields, states[::2], states[1::2], strict=True)
    altered = [
        UndoConflict(key, number, field.name, now, f"es {_shown(now)} ahora; la carga dejó {_shown(became)}")
        for field, now, became in pairs
        if became is not None and now != became
    ]
    return altered or [UndoConflict(key, number, None, None, CHANGED_SINCE)]  # by another, in this very moment


def _shown(value: str | None) -> str:
    return "vacío" if value is None else f'"{value[:60]}"'
