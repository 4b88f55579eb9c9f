"""The shadow of a target: a temporary table of the same form, on which a load is rehearsed."""

from psycopg import sql

from tolva.tables.phrases import same_key, same_values
from tolva.tables.schema import Schema
from tolva.tables.shape import Shape
from tolva.tables.stage import STAGE

SHADOW = sql.Identifier("pg_temp", "tolva_shadow")

FILL = """
INSERT INTO {shadow} SELECT target.* FROM {stage} AS now
JOIN LATERAL (SELECT * FROM {target} AS target WHERE {same} LIMIT 1) AS target ON true
WHERE now."_nth" = 1 ON CONFLICT DO NOTHING
"""
"""Stored rows of the staged keys; one that is there already has been changed by an earlier chunk, and stays so."""


FILL_HOLDERS = """
INSERT INTO {shadow} SELECT target.* FROM {stage} AS now
JOIN LATERAL (SELECT * FROM {target} AS target WHERE {alike} LIMIT 1) AS target ON true ON CONFLICT DO NOTHING
"""


def create_shadow(schema: Schema) -> sql.Composed:
    """The statement that makes an empty shadow, which lasts as long as the session."""
    like = "CREATE TEMP TABLE tolva_shadow (LIKE {} INCLUDING ALL)"
    return sql.SQL(like).format(sql.Identifier(schema.target))


def fill_shadow(shape: Shape) -> sql.Composed:
    """Brings the stored rows of the staged keys into the shadow."""
    return sql.SQL(FILL).format(
        shadow=SHADOW, stage=STAGE, target=sql.Identifier(shape.schema.target), same=same_key(shape, "now")
    )


def fill_holders(shape: Shape, group: tuple[str, ...]) -> sql.Composed:
    """Brings the stored rows into the shadow that have the staged values of these unique fields."""
    return sql.SQL(FILL_HOLDERS).format(
        shadow=SHADOW,
        stage=STAGE,
        target=sql.Identifier(shape.schema.target),
        alike=same_values(shape, "now", group),
    )
