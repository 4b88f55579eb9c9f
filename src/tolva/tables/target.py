"""The table that a schema is for, as it stands in the database: whether it is there, and whether it fits."""

import re
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tolva.errors import InvalidInput
from tolva.tables.columns import column_type
from tolva.tables.ddl import unique_index
from tolva.tables.handover import HANDOVER
from tolva.tables.rights import check_rights
from tolva.tables.schema import Field, Schema

# The columns of a table that the search path finds, each with the name of its type as PostgreSQL writes it.
COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required, a.atthasdef AS filled,
  a.attgenerated <> '' OR a.attidentity <> '' AS generated
FROM pg_attribute a WHERE a.attrelid = to_regclass(quote_ident(%(table)s)) AND a.attnum > 0 AND NOT a.attisdropped
"""
# Whether a unique index covers just these columns, in whatever order, and whether one of them can serve ON CONFLICT.
UNIQUE = """
SELECT count(*) > 0 AS unique, coalesce(bool_or(i.indimmediate), false) AS immediate
FROM pg_index i WHERE i.indrelid = to_regclass(quote_ident(%(table)s)) AND i.indisunique
  AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indisvalid
  AND (SELECT array_agg(a.attname::text ORDER BY a.attname::text) FROM pg_attribute a
    WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])) = %(key)s
"""
OURS = "SELECT true AS ours FROM pg_class WHERE relnamespace = to_regnamespace('tolva') AND relname = %(table)s"
SAFE = """
SELECT c.relkind = ANY ('{r,p}') AS is_table, c.relrowsecurity AND c.relforcerowsecurity AS guarded
FROM pg_class c WHERE c.oid = to_regclass(quote_ident(%(table)s))
"""
TYPES = {"timestamptz": "timestamp with time zone"}
"""PostgreSQL's own words for types that have a shorter one."""
NARROWER = {"text": ("character varying",), "bigint": ("integer", "smallint")}
"""Types that refuse what they cannot hold."""
NUMERIC = re.compile(r"numeric(?:\(\d+,(?P<scale>-?\d+)\))?")
OWN = ("tenant_id", "created_at", "updated_at")
"""Columns that Tolva fills."""
NEEDED = {"tenant_id": ("text", "character varying"), "updated_at": ("timestamp with time zone", "timestamp", "date")}
"""Those that must be there, and the beginnings of the types that they may have."""


def check_target(conn: psycopg.Connection[Any], schema: Schema) -> bool:
    """Whether the target is there, in the database of `conn`.

    Raises InvalidInput with the path of a misfit, or the right that the login lacks.
    """
    there = _fits_schema(conn, schema)
    if there:
        check_rights(conn, schema)
    return there


def _fits_schema(conn: psycopg.Connection[Any], schema: Schema) -> bool:
    """Whether the target is there. Raises InvalidInput with the path of a misfit."""
    _refuse_reserved(schema.target)
    with conn.cursor(row_factory=dict_row) as cursor:
        table = {"table": schema.target}
        if schema.tenanted and cursor.execute(OURS, table).fetchone():
            raise InvalidInput(f"target: {schema.target!r} is the name of a table of Tolva; choose another")
        found = cursor.execute(SAFE, table).fetchone()
        if found is None:
            return False
        if not found["is_table"]:
            raise InvalidInput(f"target: {schema.target!r} is no table")
        if schema.tenanted and not found["guarded"]:
            raise InvalidInput(
                f"target: {schema.target!r} has no forced row-level security, so tenants would see each other"
            )
        columns = {row["name"]: row for row in cursor.execute(COLUMNS, table).fetchall()}
        for number, field in enumerate(schema.fields):
            _check_column(columns.get(field.name), field, f"fields[{number}]", schema.target)
        if schema.tenanted:
            _check_own(columns, schema.target)
        _check_others(columns, schema)
        for path, group in [("primaryKey", schema.key), *((schema.where_unique(u), u) for u in schema.unique)]:
            _check_unique(cursor, schema, path, schema.in_table(group))
    return True


def hold_target(conn: psycopg.Connection[Any], schema: Schema) -> None:
    """Keep the target as it is until the transaction ends. Raises InvalidInput where it does not fit (any more).

    The lock is one that whoever may read the table may take, and keeps its columns and indexes as a stronger one would.
    """
    try:
        conn.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(sql.Identifier(schema.target)))
    except psycopg.errors.UndefinedTable as error:
        raise InvalidInput(f"target: {schema.target!r} is not there any more") from error
    _fits_schema(conn, schema)


def _refuse_reserved(table: str) -> None:
    if table.startswith("pg_"):
        raise InvalidInput(f"target: {table!r} is a table of PostgreSQL")
    if table == HANDOVER:
        raise InvalidInput(f"target: {table!r} is a table of Tolva")


def _check_column(column: dict[str, Any] | None, field: Field, path: str, table: str) -> None:
    if column is None:
        raise InvalidInput(f"{path}.name: {table!r} has no column {field.name!r}")
    wanted = column_type(field).as_string(None)
    wanted = TYPES.get(wanted, wanted)
    if column["generated"] or not _fits(column["type"], wanted):
        kind = "computed by the database" if column["generated"] else f"{column['type']}, not {wanted}"
        raise InvalidInput(f"{path}.type: the column {field.name!r} of {table!r} is {kind}")


def _fits(found: str, wanted: str) -> bool:
    """Whether a column of one type takes what one of the other holds, or refuses the row: nothing is cut or rounded.

    >>> _fits("character varying(9)", "text"), _fits("numeric(20,6)", "numeric(14,4)"), _fits("real", "numeric(14,4)")
    (True, True, False)
    """
    decimals, places = NUMERIC.fullmatch(wanted), NUMERIC.fullmatch(found)
    if decimals and places:
        return places["scale"] is None or int(places["scale"]) >= int(decimals["scale"])
    return found == wanted or any(found.startswith(kind) for kind in NARROWER.get(wanted, ()))


def _check_own(columns: dict[str, dict[str, Any]], table: str) -> None:
    """The columns that each row gets besides its fields."""
    for name, kinds in NEEDED.items():
        if name not in columns:
            raise InvalidInput(f"target: {table!r} has no column {name!r}")
        if not columns[name]["type"].startswith(kinds):
            raise InvalidInput(f"target: the column {name!r} of {table!r} is {columns[name]['type']}, not {kinds[0]}")


def _check_unique(cursor: psycopg.Cursor[dict[str, Any]], schema: Schema, path: str, key: tuple[str, ...]) -> None:
    unique = cursor.execute(UNIQUE, {"table": schema.target, "key": sorted(key)}).fetchone()
    if unique is None or not unique["immediate"]:
        kind = "only a deferrable" if unique and unique["unique"] else "no"
        raise InvalidInput(
            f"{path}: {schema.target!r} has {kind} unique index on {', '.join(key)}; its owner does:"
            f" {unique_index(schema, key)}"
        )


def _check_others(columns: dict[str, dict[str, Any]], schema: Schema) -> None:
    filled = OWN if schema.tenanted else ()
    names = {*filled, *(field.name for field in schema.fields)}
    for name, column in columns.items():
        if name not in names and column["required"] and not (column["filled"] or column["generated"]):
            raise InvalidInput(f"fields: the column {name!r} of {schema.target!r} needs a value, and no field gives it")
