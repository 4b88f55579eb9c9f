"""Unique values that stand in the table already, under another key: who would put them there again is explained."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Mapping
from typing import Any

import polars as pl
import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from tolva.tables.explain import ERROR_COLUMNS, MAX_VALUE, quoted
from tolva.tables.phrases import comma, constant, parameters, same_key, same_values
from tolva.tables.refusal import REFUSALS
from tolva.tables.shadow import SHADOW, fill_holders, fill_shadow
from tolva.tables.shape import Shape
from tolva.tables.stage import STAGE, fill_stage

# Each staged row whose value another row of the target holds, beside that row's key. Where an earlier row of the frame
# gives the holder another value, nobody can tell before it is written; that is left to the table.
STANDING = """
WITH standing AS MATERIALIZED (
    SELECT now.*, {holder_columns} FROM {stage} AS now
    JOIN LATERAL (SELECT * FROM {target} AS target WHERE {alike} AND NOT ({same}) LIMIT 1) AS target ON true
)
SELECT now."row", concat_ws(', ', {values}) AS value, concat_ws(', ', {holder}) AS holder FROM standing AS now
WHERE NOT EXISTS (
    SELECT FROM {stage} AS before WHERE {of_holder} AND before."row" < now."row" AND ({before}) <> ({values})
)
ORDER BY now."row"
"""


def unique_conflicts(
    conn: psycopg.Connection[Any], shape: Shape, good: pl.DataFrame, constants: Mapping[str, str], *, rehearsal: bool
) -> pl.DataFrame:
    """The rows (ERROR_COLUMNS) of a frame whose unique values are taken; see `write` for what it takes and needs.

    Leaves its rows in the staging table. Where a row cannot even be staged, none is found.
    """
    held = {field.name for field in (*shape.constants, *shape.key, *shape.values)}
    groups = [group for group in shape.schema.unique if held.issuperset(group)]
    # A field that the file lacks or leaves blank keeps its value: the table judges what becomes of both.
    partly = [group for group in shape.schema.unique if rehearsal and not held.isdisjoint(group)]
    none = pl.DataFrame(schema=ERROR_COLUMNS)
    if not groups and not partly:
        return none
    values = parameters(shape, constants)
    try:
        with conn.transaction():
            fill_stage(conn, shape, good)
            if rehearsal:
                for statement in (fill_shadow(shape), *(fill_holders(shape, group) for group in partly)):
                    conn.execute(statement, values, prepare=False)
            taken = [_taken(conn, shape, group, values, rehearsal=rehearsal) for group in groups]
            return pl.concat([none, *taken])
    except REFUSALS:
        return none


def _taken(
    conn: psycopg.Connection[Any], shape: Shape, group: tuple[str, ...], values: dict[str, Any], *, rehearsal: bool
) -> pl.DataFrame:
    with conn.cursor(row_factory=tuple_row) as cursor:
        found = cursor.execute(_standing(shape, group, rehearsal=rehearsal), values, prepare=False).fetchall()
    return _told(found, shape, group)


def _standing(shape: Shape, group: tuple[str, ...], *, rehearsal: bool) -> sql.Composed:
    key = {field.name: sql.Identifier("now", f"_holder_{field.name}") for field in (*shape.constants, *shape.key)}
    given = {field.name: constant(field) for field in shape.constants}
    given |= {field.name: sql.Identifier("before", field.name) for field in shape.key}
    return sql.SQL(STANDING).format(
        stage=STAGE,
        target=SHADOW if rehearsal else sql.Identifier(shape.schema.target),
        alike=same_values(shape, "now", group),
        same=same_key(shape, "now"),
        holder_columns=comma(
            sql.SQL("{} AS {}").format(sql.Identifier("target", name), sql.Identifier(f"_holder_{name}"))
            for name in key
        ),
        values=comma(sql.Identifier("now", name) for name in shape.schema.from_file(group)),
        before=comma(sql.Identifier("before", name) for name in shape.schema.from_file(group)),
        holder=comma(key[name] for name in shape.schema.key),
        of_holder=sql.SQL(" AND ").join(sql.SQL("{} = {}").format(key[name], given[name]) for name in key),
    )


def _told(found: list[tuple[Any, ...]], shape: Shape, group: tuple[str, ...]) -> pl.DataFrame:
    fields = ", ".join(shape.schema.from_file(group))
    said = pl.format(
        '{}: "{}" ya está en la tabla, en la fila de {} "{}"',
        pl.lit(fields),
        quoted(pl.col("value")),
        pl.lit(", ".join(shape.schema.key)),
        quoted(pl.col("holder")),
    )
    rows = pl.DataFrame(found, schema={"row": pl.Int64, "value": pl.String, "holder": pl.String}, orient="row")
    return rows.select(
        "row",
        pl.lit(fields).alias("column"),
        pl.col("value").str.slice(0, MAX_VALUE),
        pl.lit("unique").alias("code"),
        said.alias("message"),
    )
