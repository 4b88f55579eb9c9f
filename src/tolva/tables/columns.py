"""The PostgreSQL side of a field: its column's type."""

from psycopg import sql

from tolva.tables.schema import Field


def column_type(field: Field) -> sql.Composable:
    """The type of a field's column.

    >>> column_type(Field("precio", "decimal", "Precio", precision=14, scale=4)).as_string(None)
    'numeric(14,4)'
    """
    match field.kind:
        case "string":
            return sql.SQL("text")
        case "integer":
            return sql.SQL("bigint")
        case "date":
            return sql.SQL("date")
        case "datetime":
            return sql.SQL("timestamptz")
        case "boolean":
            return sql.SQL("boolean")
        case "decimal":
            return sql.SQL("numeric({},{})").format(sql.Literal(field.precision), sql.Literal(field.scale))
