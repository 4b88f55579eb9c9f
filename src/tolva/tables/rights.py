"""What the login in use may do with a target: its rights, and what row-level security surely keeps from it or shows.

What a policy means is PostgreSQL's to say: its text is not read. What cannot be told beforehand, the load finds out.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.rows import scalar_row

from tolva.db.faults import passes
from tolva.db.pool import become_tenant
from tolva.errors import InvalidInput, SettingsError
from tolva.tables.ddl import open_policy
from tolva.tables.schema import Schema

# The statements that an owner is asked for. A load reads whole rows, makes them and changes some of their columns, undo
# removes them; the sequence of a default is used where no field gives its column.
MISSING = """
WITH missing AS (
  SELECT c.oid, concat_ws(', ',
    CASE WHEN NOT has_table_privilege(c.oid, 'SELECT') THEN 'SELECT' END,
    CASE WHEN EXISTS (SELECT FROM unnest(%(made)s::text[]) made WHERE NOT has_column_privilege(c.oid, made, 'INSERT'))
      THEN 'INSERT' END,
    CASE WHEN EXISTS (SELECT FROM unnest(%(changed)s::text[]) changed
      WHERE NOT has_column_privilege(c.oid, changed, 'UPDATE')) THEN 'UPDATE' END,
    CASE WHEN %(removing)s AND NOT has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END) AS rights
  FROM pg_class c WHERE c.oid = to_regclass(quote_ident(%(table)s))
)
SELECT format('GRANT %%s ON %%I.%%I TO %%I;', m.rights, n.nspname, c.relname, current_user)
FROM missing m JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace WHERE m.rights <> ''
UNION ALL
SELECT format('GRANT USAGE ON SEQUENCE %%s TO %%I;', s.oid::regclass, current_user)
FROM missing m JOIN pg_attrdef f ON f.adrelid = m.oid
JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum AND a.attname::text <> ALL (%(made)s::text[])
JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
JOIN pg_class s ON s.oid = d.refobjid
WHERE CASE WHEN s.relkind = 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE, UPDATE') END
"""
# What no permissive policy opens is closed, whatever else there is; role 0 is everybody.
CLOSED = """
SELECT command FROM (VALUES ('SELECT', 'r'), ('INSERT', 'a'), ('UPDATE', 'w'), ('DELETE', 'd')) kinds (command, letter)
WHERE row_security_active(to_regclass(quote_ident(%(table)s))) AND (command <> 'DELETE' OR %(removing)s)
  AND NOT EXISTS (
    SELECT FROM pg_policy p WHERE p.polrelid = to_regclass(quote_ident(%(table)s)) AND p.polpermissive
      AND p.polcmd::text IN ('*', letter)
      AND EXISTS (SELECT FROM unnest(p.polroles) role WHERE role = 0 OR pg_has_role(role, 'USAGE')))
"""
ANY_ROW = "SELECT EXISTS (SELECT FROM {})"


def check_rights(conn: psycopg.Connection[Any], schema: Schema, *, removing: bool = False) -> None:
    """Raises InvalidInput with all statements that mend it where the login cannot do what a load does.

    With `removing`, also what an undo does. The table is there, with the schema's columns.
    """
    given = {"table": schema.target, "removing": removing, **_written(schema)}
    with conn.cursor(row_factory=scalar_row) as cursor:
        if missing := cursor.execute(MISSING, given).fetchall():
            raise InvalidInput(f"target: rights in {schema.target!r} are missing; its owner does: {' '.join(missing)}")
        if closed := cursor.execute(CLOSED, given).fetchall():
            login = _login(conn)
            raise InvalidInput(
                f"target: no policy of {schema.target!r} lets {login} {', '.join(closed)} rows; its owner does:"
                f" {open_policy(schema, login)}"
            )


def _written(schema: Schema) -> dict[str, list[str]]:
    """The columns that a load makes and changes. Where nothing keeps the time of a change, it writes a key as it is."""
    made = [field.name for field in schema.fields]
    changed = [field.name for field in schema.file_fields if field.name not in schema.key]
    if schema.tenanted:
        return {"made": ["tenant_id", "updated_at", *made], "changed": ["updated_at", *changed]}
    return {"made": made, "changed": [schema.file_key[0], *changed]}


def check_apart(conn: psycopg.Connection[Any], schema: Schema) -> None:
    """Raises InvalidInput where a tenant that nobody is sees rows of the target, and so do all tenants.

    A policy that cannot deal with such a tenant shows it nothing.
    """
    try:
        with conn.transaction(force_rollback=True), conn.cursor(row_factory=scalar_row) as cursor:
            become_tenant(conn, str(uuid4()), local=True)
            shown = cursor.execute(sql.SQL(ANY_ROW).format(sql.Identifier(schema.target))).fetchone()
    except psycopg.Error as error:
        if passes(error):
            raise
        return
    if shown:
        raise InvalidInput(
            f"target: policies of {schema.target!r} show rows to a tenant that they are not of, so tenants would see"
            f" each other; drop them, or narrow them to tenant_id = current_setting('app.tenant_id')"
        )


def _login(conn: psycopg.Connection[Any]) -> str:
    with conn.cursor(row_factory=scalar_row) as cursor:
        return str(cursor.execute("SELECT current_user").fetchone())


@contextmanager
def explained_refusals() -> Generator[None]:
    """What PostgreSQL refuses for want of a right, or by a policy, is no fault that passes: its own words say what."""
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise SettingsError(f"PostgreSQL refuses it: {error.diag.message_primary}.") from error
