"""The two steps of undo: the rows that a load made go, the values that it changed come back.

Each only where things are still as the load left them. A step is one statement for all staged rows, or one for a row
of PL/pgSQL that is called `staged` too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from tolva.tables.ledger import row_hash
from tolva.tables.phrases import same_key, touched
from tolva.tables.schema import Field
from tolva.tables.shape import Shape
from tolva.tables.undo_stage import CHANGED, MADE, became, was

REMOVE = 'DELETE FROM {target} AS target {staged} WHERE {same} AND {hash} = staged."_hash"'
RESTORE = "UPDATE {target} AS target SET {assignments} {staged} WHERE {same} AND {untouched}"
# done   the staged rows that are put back; they leave the stage
ALL = """
WITH done AS ({step} RETURNING staged."_n") DELETE FROM {stage} AS stage USING done WHERE stage."_n" = done."_n"
"""


@dataclass(frozen=True)
class Step:
    """One of the two: what it is for, and how it is done to all staged rows, or to one."""

    stage: sql.Identifier
    order: str
    """The staged column that numbers the rows."""
    to_all: sql.Composed
    to_one: sql.Composed


def deletion(shape: Shape) -> Step:
    """Remove rows that the load made."""

    def remove(staged: sql.Composable) -> sql.Composed:
        return sql.SQL(REMOVE).format(
            target=sql.Identifier(shape.schema.target),
            staged=staged,
            same=same_key(shape, "staged"),
            hash=row_hash(shape, "target"),
        )

    return Step(MADE, "_n", _all(MADE, remove(sql.SQL("USING {} AS staged").format(MADE))), remove(sql.SQL("")))


def restoration(shape: Shape, fields: Sequence[Field]) -> Step:
    """Put back the values of rows that the load changed; all those of a row, or none."""
    cases = "{} = CASE WHEN {} IS NULL THEN {} ELSE {} END"
    assignments = [
        sql.SQL(cases).format(sql.Identifier(f.name), became(f), sql.Identifier("target", f.name), was(f))
        for f in fields
    ]
    untouched = [
        sql.SQL("({} IS NULL OR {} = {})").format(became(field), sql.Identifier("target", field.name), became(field))
        for field in fields
    ]

    def restore(staged: sql.Composable) -> sql.Composed:
        return sql.SQL(RESTORE).format(
            target=sql.Identifier(shape.schema.target),
            staged=staged,
            assignments=sql.SQL(", ").join([*assignments, touched(shape)]),
            same=same_key(shape, "staged"),
            untouched=sql.SQL(" AND ").join(untouched),
        )

    return Step(
        CHANGED, "_row", _all(CHANGED, restore(sql.SQL("FROM {} AS staged").format(CHANGED))), restore(sql.SQL(""))
    )


def _all(stage: sql.Identifier, step: sql.Composed) -> sql.Composed:
    return sql.SQL(ALL).format(step=step, stage=stage)
