"""The shadow of a target: a temporary table of the same form, on which a load is rehearsed."""

from psycopg import sql

from tolva.tables.schema import Schema
from tolva.tables.shape import Shape
from tolva.tables.stage import STAGE
from tolva.tables.upsert import same_key

SHADOW = sql.Identifier("pg_temp", "tolva_shadow")

FILL = """
INSERT INTO {shadow} SELECT target.* FROM {stage} AS now
JOIN LATERAL (SELECT * FROM {target} AS target WHERE {same} LIMIT 1) AS target ON true
WHERE now."_nth" = 1 ON CONFLICT DO NOTHING
"""
"""Stored rows of the staged keys; one that is there already has been changed by an earlier chunk, and stays so."""


def create_shadow(schema: Schema) -> sql.Composed:
    """The statement that makes an empty shadow, which lasts as long as the session."""
    like = "CREATE TEMP TABLE tolva_shadow (LIKE {} INCLUDING ALL)"
    return sql.SQL(like).format(sql.Identifier(schema.target))


def fill_shadow(shape: Shape) -> sql.Composed:
    """Brings the stored rows of the staged keys into the shadow."""
    return sql.SQL(FILL).format(
        shadow=SHADOW, stage=STAGE, target=sql.Identifier(shape.schema.target), same=same_key(shape, "now")
    )
