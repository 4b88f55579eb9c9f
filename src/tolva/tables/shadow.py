"""The shadow of a target: a temporary table of the same form, on which a load is rehearsed."""

from psycopg import sql

from tolva.tables.schema import Schema
from tolva.tables.shape import Shape
from tolva.tables.stage import STAGE
from tolva.tables.upsert import same_key

SHADOW = sql.Identifier("pg_temp", "tolva_shadow")
LEDGER = sql.Identifier("pg_temp", "tolva_shadow_ledger")

FILL = """
INSERT INTO {shadow} SELECT target.* FROM {stage} AS now
JOIN LATERAL (SELECT * FROM {target} AS target WHERE {same} LIMIT 1) AS target ON true
WHERE now."_nth" = 1 ON CONFLICT DO NOTHING
"""
"""Stored rows of the staged keys; one that is there already has been changed by an earlier chunk, and stays so."""


def create_shadow(schema: Schema, ledger: sql.Composable) -> list[sql.Composed]:
    """The statements that make an empty shadow and its ledger, which last as long as the session."""
    like = "CREATE TEMP TABLE {} (LIKE {} INCLUDING ALL)"
    return [
        sql.SQL(like).format(sql.Identifier("tolva_shadow"), sql.Identifier(schema.target)),
        sql.SQL(like).format(sql.Identifier("tolva_shadow_ledger"), ledger),
    ]


def fill_shadow(shape: Shape) -> sql.Composed:
    """Brings the stored rows of the staged keys into the shadow."""
    return sql.SQL(FILL).format(
        shadow=SHADOW, stage=STAGE, target=sql.Identifier(shape.schema.target), same=same_key(shape, "now")
    )


def noted() -> sql.Composed:
    """The lines of the shadow's ledger for the chunk from `first_row` to `last_row`."""
    query = "SELECT * FROM {} WHERE last_row BETWEEN %(first_row)s AND %(last_row)s ORDER BY last_row"
    return sql.SQL(query).format(LEDGER)
