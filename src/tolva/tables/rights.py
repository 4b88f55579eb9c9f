"""What the login in use may do with a target: its rights, and the rows that row-level security lets it have."""

import re
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tolva.errors import InvalidInput
from tolva.tables.ddl import own_tenant_policy
from tolva.tables.schema import Schema

# Rights on a whole table, or on those of its columns that are written; and on the sequences behind its defaults.
RIGHTS = """
SELECT current_user AS login, n.nspname AS place, row_security_active(c.oid) AS guarded,
  array_remove(ARRAY[
    CASE WHEN NOT has_table_privilege(c.oid, 'SELECT') THEN 'SELECT' END,
    CASE WHEN EXISTS (SELECT FROM unnest(%(made)s::text[]) made WHERE NOT has_column_privilege(c.oid, made, 'INSERT'))
      THEN 'INSERT' END,
    CASE WHEN EXISTS (SELECT FROM unnest(%(changed)s::text[]) changed
      WHERE NOT has_column_privilege(c.oid, changed, 'UPDATE')) THEN 'UPDATE' END,
    CASE WHEN NOT has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END], NULL) AS lacking,
  ARRAY(SELECT s.oid::regclass::text FROM pg_attrdef f
    JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
    JOIN pg_class s ON s.oid = d.refobjid
    WHERE f.adrelid = c.oid
      AND CASE WHEN s.relkind = 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE') END) AS sequences
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(quote_ident(%(table)s))
"""
# The policies that hold for the login; role 0 is everybody.
POLICIES = """
SELECT p.polname AS name, p.polcmd::text AS command, p.polpermissive AS permissive,
  EXISTS (SELECT FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refobjid = p.polrelid
      AND a.attname = 'tenant_id') AS by_tenant,
  concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) AS said
FROM pg_policy p WHERE p.polrelid = to_regclass(quote_ident(%(table)s))
  AND EXISTS (SELECT FROM unnest(p.polroles) role WHERE role = 0 OR pg_has_role(role, 'USAGE'))
ORDER BY p.polname
"""
COMMANDS = {"r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}
"""By the letter that PostgreSQL keeps for a policy's command."""
ALL = "*"
SETTING = re.compile(r"current_setting\('([^']+)'")
TENANT_SETTING = "app.tenant_id"

Row = dict[str, Any]


def check_rights(conn: psycopg.Connection[Any], schema: Schema) -> None:
    """Raises InvalidInput with the statement that mends it where the login could not read and write all that it must.

    The table is there, with the schema's columns.
    """
    own = schema.tenanted
    made = [*(["tenant_id"] if own else []), *(field.name for field in schema.fields)]
    changed = [*(["updated_at"] if own else []), *(f.name for f in schema.fields if f.name not in schema.key)]
    with conn.cursor(row_factory=dict_row) as cursor:
        given = {"table": schema.target, "made": made, "changed": changed}
        found = cursor.execute(RIGHTS, given).fetchone()
        assert found is not None, "the table is there"
        _check_grants(found, schema.target)
        if found["guarded"]:
            _check_policies(cursor.execute(POLICIES, given).fetchall(), found["login"], schema)


def _check_grants(found: Row, table: str) -> None:
    login = sql.Identifier(found["login"]).as_string(None)
    if found["lacking"]:
        rights, where = ", ".join(found["lacking"]), sql.Identifier(found["place"], table).as_string(None)
        raise InvalidInput(
            f"target: {found['login']} lacks rights in {table!r}; its owner does: GRANT {rights} ON {where} TO {login};"
        )
    for sequence in found["sequences"]:
        raise InvalidInput(
            f"target: {found['login']} may not use the sequence of a default of {table!r}; its owner does:"
            f" GRANT USAGE ON SEQUENCE {sequence} TO {login};"
        )


def _check_policies(policies: list[Row], login: str, schema: Schema) -> None:
    for letter, command in COMMANDS.items():
        held = [policy for policy in policies if policy["command"] in (ALL, letter)]
        opening = [policy for policy in held if policy["permissive"]]
        if not opening:
            raise InvalidInput(
                f"target: no policy of {schema.target!r} lets {login} {command} rows; {_remedy(schema, login)}"
            )
        if schema.tenanted:
            _check_tenants(held, opening, login, schema)


def _check_tenants(held: list[Row], opening: list[Row], login: str, schema: Schema) -> None:
    """Whether rows are told apart by their tenant, and by the setting that Tolva makes."""
    closing = [policy for policy in held if policy["by_tenant"]]
    open_to_all = [policy["name"] for policy in opening if not policy["by_tenant"]]
    if open_to_all and all(policy["permissive"] for policy in closing):
        raise InvalidInput(
            f"target: the policy {open_to_all[0]!r} of {schema.target!r} does not look at tenant_id, so tenants would"
            f" see each other; drop it; {_remedy(schema, login)}"
        )
    for policy in closing:
        settings = SETTING.findall(policy["said"])
        if settings and TENANT_SETTING not in settings:
            raise InvalidInput(
                f"target: the policy {policy['name']!r} of {schema.target!r} goes by {settings[0]}, and Tolva says the"
                f" tenant in {TENANT_SETTING}: it would see no row; drop it; {_remedy(schema, login)}"
            )


def _remedy(schema: Schema, login: str) -> str:
    if schema.tenanted:
        return f"its owner does: {own_tenant_policy(schema, login)}"
    table, role = (sql.Identifier(name).as_string(None) for name in (schema.target, login))
    return f"its owner does: CREATE POLICY tolva ON {table} TO {role} USING (true);"
