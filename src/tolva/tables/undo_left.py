"""What of a chunk was not put back, and why: told from what is left in the stage."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from tolva.tables.phrases import same_key, there
from tolva.tables.schema import Field
from tolva.tables.shape import Shape
from tolva.tables.undo_stage import CHANGED, MADE, became
from tolva.tables.undone import GONE, Part, UndoConflict, Undone

CHANGED_SINCE = "la fila cambió después de la carga"
REFUSED = "la base de datos no permite deshacerla: {}"

LEFT_MADE = """
SELECT staged."_n", staged."_key", staged."_said", EXISTS (SELECT FROM {target} AS target WHERE {same}) AS there
FROM {stage} AS staged ORDER BY staged."_n"
"""
LEFT_CHANGED = """
SELECT staged."_n", staged."_key", staged."_row", staged."_said", {states}
FROM {stage} AS staged LEFT JOIN {target} AS target ON {same} ORDER BY staged."_n"
"""


def undone(
    conn: psycopg.Connection[Any], shape: Shape, fields: Sequence[Field], part: Part, values: Mapping[str, Any]
) -> Undone:
    """What became of a part, all in all. A made row that is gone already is what undo wants, and no conflict."""
    with conn.cursor(row_factory=tuple_row) as cursor:
        made = cursor.execute(_left_made(shape), values, prepare=False).fetchall()
        changed = cursor.execute(_left_changed(shape, fields), values, prepare=False).fetchall()
    standing = [(n, key, said) for n, key, said, there in made if there]
    altered = [conflict for _, *row in changed for conflict in _altered(row, fields)]
    return Undone(
        removed=len(part.made) - len(made),
        restored=len(part.changed) - len(changed),
        gone=len(made) - len(standing),
        conflicts=(*altered, *(UndoConflict(key, None, None, None, _why(said)) for _, key, said in standing)),
        left_created=tuple(n for n, *_ in standing),
        left_changed=tuple(n for n, *_ in changed),
    )


def _left_made(shape: Shape) -> sql.Composed:
    target = sql.Identifier(shape.schema.target)
    return sql.SQL(LEFT_MADE).format(target=target, stage=MADE, same=same_key(shape, "staged"))


def _left_changed(shape: Shape, fields: Sequence[Field]) -> sql.Composed:
    states = [sql.SQL("{}::text, {}::text").format(sql.Identifier("target", f.name), became(f)) for f in fields]
    return sql.SQL(LEFT_CHANGED).format(
        target=sql.Identifier(shape.schema.target),
        stage=CHANGED,
        states=sql.SQL(", ").join([there(shape), *states]),
        same=same_key(shape, "staged"),
    )


def _altered(row: Sequence[Any], fields: Sequence[Field]) -> list[UndoConflict]:
    """The fields of a row whose value is no longer the one that the load left; or the row, if that is not why."""
    key, number, said, there, *states = row
    if not there:
        return [UndoConflict(key, number, None, None, GONE)]
    pairs = zip(fields, states[::2], states[1::2], strict=True)
    altered = [
        UndoConflict(key, number, field.name, now, f"es {_shown(now)} ahora; la carga dejó {_shown(became)}")
        for field, now, became in pairs
        if became is not None and now != became
    ]
    return altered or [UndoConflict(key, number, None, None, _why(said))]


def _why(refusal: str | None) -> str:
    """Why a row stands as it does.

    >>> _why(None), _why("no")
    ('la fila cambió después de la carga', 'la base de datos no permite deshacerla: no')
    """
    return CHANGED_SINCE if refusal is None else REFUSED.format(refusal)


def _shown(value: str | None) -> str:
    return "vacío" if value is None else f'"{value[:60]}"'
