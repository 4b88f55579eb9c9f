"""The staging table: rows are copied here first, so that one statement can judge them all."""

from psycopg import sql

from tolva.tables.columns import column_type
from tolva.tables.shape import Shape

STAGE = sql.Identifier("pg_temp", "tolva_stage")


def create_stage(shape: Shape) -> list[sql.Composed]:
    """Makes the transaction's staging table for a shape, in place of the one that it may have."""
    fields = [
        sql.SQL("{} {}").format(sql.Identifier(field.name), column_type(field)) for field in (*shape.key, *shape.values)
    ]
    own = sql.SQL('"row" bigint, "_key" bigint, "_nth" int, "_last" boolean')
    create = sql.SQL("CREATE TEMP TABLE tolva_stage ({}) ON COMMIT DROP").format(sql.SQL(", ").join([own, *fields]))
    return [sql.SQL("DROP TABLE IF EXISTS {}").format(STAGE), create]


def empty_stage() -> sql.Composed:
    """Takes all rows out of it. A new table for each part of a frame would leave locks until the transaction ends."""
    return sql.SQL("DELETE FROM {}").format(STAGE)


def copy_stage(shape: Shape) -> sql.Composed:
    """The COPY that fills the staging table; an unquoted empty cell is NULL."""
    columns = sql.SQL(", ").join([sql.Identifier(name) for name in shape.staged])
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(STAGE, columns)
