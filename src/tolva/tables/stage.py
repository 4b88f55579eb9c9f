"""The staging table: rows are copied here first, so that one statement can judge them all."""

from psycopg import sql

from tolva.tables.columns import column_type
from tolva.tables.shape import Shape

STAGE = sql.Identifier("pg_temp", "tolva_stage")


def create_stage(shape: Shape) -> list[sql.Composed]:
    """Drops the transaction's staging table, if it has one, and makes it anew."""
    fields = [
        sql.SQL("{} {}").format(sql.Identifier(field.name), column_type(field)) for field in (*shape.key, *shape.values)
    ]
    own = sql.SQL('"row" bigint, "_key" bigint, "_nth" int, "_last" boolean')
    create = sql.SQL("CREATE TEMP TABLE tolva_stage ({}) ON COMMIT DROP").format(sql.SQL(", ").join([own, *fields]))
    return [sql.SQL("DROP TABLE IF EXISTS {}").format(STAGE), create]


def copy_stage(shape: Shape) -> sql.Composed:
    """The COPY that fills the staging table; an unquoted empty cell is NULL."""
    columns = sql.SQL(", ").join([sql.Identifier(name) for name in shape.staged])
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(STAGE, columns)
