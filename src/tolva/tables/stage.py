"""The staging table: rows are copied here first, so that one statement can judge them all."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from typing import Any

import polars as pl
import psycopg
from psycopg import sql

from tolva.tables.columns import column_type
from tolva.tables.shape import Shape

STAGE = sql.Identifier("pg_temp", "tolva_stage")


def create_stage(shape: Shape) -> list[sql.Composed]:
    """Makes the transaction's staging table for a shape, in place of the one that it may have.

    By its defaults, each row is the first and the last of its key.
    """
    fields = [
        sql.SQL("{} {}").format(sql.Identifier(field.name), column_type(field)) for field in (*shape.key, *shape.values)
    ]
    own = sql.SQL('"row" bigint, "_key" bigint, "_nth" int DEFAULT 1, "_last" boolean DEFAULT true')
    create = sql.SQL("CREATE TEMP TABLE tolva_stage ({}) ON COMMIT DROP").format(sql.SQL(", ").join([own, *fields]))
    return [sql.SQL("DROP TABLE IF EXISTS {}").format(STAGE), create]


def empty_stage() -> sql.Composed:
    """Takes all rows out of it. A new table for each part of a frame would leave locks until the transaction ends."""
    return sql.SQL("DELETE FROM {}").format(STAGE)


def fill_stage(conn: psycopg.Connection[Any], shape: Shape, rows: pl.DataFrame) -> None:
    """Copies rows into it, by its defaults or as `sequence` numbers them; an unquoted empty cell is NULL."""
    staged = rows.select(name for name in shape.staged if name in rows.columns)
    columns = sql.SQL(", ").join(map(sql.Identifier, staged.columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(STAGE, columns)
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(staged.write_csv(include_header=False))
