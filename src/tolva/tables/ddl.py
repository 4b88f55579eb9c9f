"""The statements that make a schema's target."""

from typing import LiteralString

from psycopg import sql

from tolva.tables.columns import column_type
from tolva.tables.schema import Field, Schema

TIMES: tuple[LiteralString, ...] = (
    "created_at timestamptz NOT NULL DEFAULT now()",
    "updated_at timestamptz NOT NULL DEFAULT now()",
)

OWN_TENANT = "CREATE POLICY own_tenant ON {table} TO {role} USING (tenant_id = current_setting('app.tenant_id', true));"
ALL_ROWS = "CREATE POLICY tolva ON {table} TO {role} USING (true);"


def create_table(schema: Schema) -> str:
    """One CREATE TABLE: fields, key, the rules that PostgreSQL can hold; in Tolva's own database tenant and times."""
    keys = [sql.SQL("PRIMARY KEY ({})").format(_names(schema.table_key))]
    keys += [sql.SQL("UNIQUE ({})").format(_names(schema.in_table(group))) for group in schema.unique]
    columns = [_column(field) for field in schema.fields]
    checks = [check for field in schema.fields for check in _checks(schema, field)]
    if schema.tenanted:
        times = [sql.SQL(time) for time in TIMES]
        lines = [sql.SQL("tenant_id text NOT NULL"), *columns, *times, *keys, _tenant_check(schema), *checks]
    else:
        lines = [*columns, *keys, *checks]
    body = sql.SQL(",\n    ").join(lines)
    return sql.SQL("CREATE TABLE {} (\n    {}\n);\n").format(sql.Identifier(schema.target), body).as_string(None)


def unique_index(schema: Schema, names: tuple[str, ...]) -> str:
    """The statement that lets no two rows have these columns alike."""
    statement = sql.SQL("CREATE UNIQUE INDEX ON {} ({});")
    return statement.format(sql.Identifier(schema.target), _names(names)).as_string(None)


def guard_table(schema: Schema, role: str) -> str:
    """What keeps tenants apart in the table, and lets `role` write in it."""
    guard = (
        "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n"
        "ALTER TABLE {table} FORCE ROW LEVEL SECURITY;\n"
        "{policy}\n"
        "GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role};\n"
    )
    return _about(guard, schema, role, policy=_about(OWN_TENANT, schema, role)).as_string(None)


def open_policy(schema: Schema, role: str) -> str:
    """The statement that gives `role` the rows of the tenant that it works for; in a table of one tenant, all."""
    return _about(OWN_TENANT if schema.tenanted else ALL_ROWS, schema, role).as_string(None)


def _about(statement: LiteralString, schema: Schema, role: str, **more: sql.Composable) -> sql.Composed:
    return sql.SQL(statement).format(table=sql.Identifier(schema.target), role=sql.Identifier(role), **more)


def _column(field: Field) -> sql.Composed:
    line = sql.SQL("{} {}").format(sql.Identifier(field.name), column_type(field))
    return line + sql.SQL(" NOT NULL") if field.required else line


def _tenant_check(schema: Schema) -> sql.Composed:
    """A setting that was once set and then reset reads as '', and would make rows that belong to nobody."""
    name = sql.Identifier(f"{schema.target}_tenant_id_filled")
    return sql.SQL("CONSTRAINT {} CHECK (tenant_id <> '')").format(name)


def _checks(schema: Schema, field: Field) -> list[sql.Composed]:
    """Rules in the order length, minimum, maximum; null passes, as CHECK has it."""
    name = sql.Identifier(field.name)
    rules: list[tuple[str, sql.Composed]] = []
    if field.required and field.kind == "string":
        rules.append(("filled", sql.SQL("{} <> ''").format(name)))
    if field.max_length is not None:
        rules.append(("length", sql.SQL("char_length({}) <= {}").format(name, sql.Literal(field.max_length))))
    if field.minimum is not None:
        rules.append(("minimum", sql.SQL("{} >= {}").format(name, sql.Literal(field.minimum))))
    if field.maximum is not None:
        rules.append(("maximum", sql.SQL("{} <= {}").format(name, sql.Literal(field.maximum))))
    return [
        sql.SQL("CONSTRAINT {} CHECK ({})").format(sql.Identifier(f"{schema.target}_{field.name}_{rule}"), test)
        for rule, test in rules
    ]


def _names(names: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
