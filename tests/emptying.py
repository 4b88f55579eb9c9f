"""Makes a used database of a test as its template was, where the test changed nothing but rows."""

import psycopg
from psycopg import sql

ALONE = """
SELECT bool_and(pg_terminate_backend(pid, 5000)) IS NOT FALSE FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
STRUCTURE = """
SELECT md5(string_agg(told, E'\n' ORDER BY told)) FROM (
  SELECT concat_ws(' ', 'class', oid, relname, relnamespace, relkind, relowner, relacl, reloptions, relrowsecurity,
    relforcerowsecurity, relhasrules, relhastriggers) FROM pg_class WHERE oid >= 16384 AND relkind <> 't'
  UNION ALL SELECT concat_ws(' ', 'column', attrelid, attnum, xmin) FROM pg_attribute WHERE attrelid >= 16384
  UNION ALL SELECT concat_ws(' ', 'default', oid, xmin) FROM pg_attrdef
  UNION ALL SELECT concat_ws(' ', 'function', oid, xmin) FROM pg_proc WHERE oid >= 16384
  UNION ALL SELECT concat_ws(' ', 'schema', oid, xmin) FROM pg_namespace WHERE oid >= 16384 OR nspname = 'public'
  UNION ALL SELECT concat_ws(' ', 'policy', oid, xmin) FROM pg_policy
  UNION ALL SELECT concat_ws(' ', 'trigger', oid, xmin) FROM pg_trigger
  UNION ALL SELECT concat_ws(' ', 'constraint', oid, xmin) FROM pg_constraint WHERE oid >= 16384
  UNION ALL SELECT concat_ws(' ', 'type', oid, xmin) FROM pg_type WHERE oid >= 16384
  UNION ALL SELECT concat_ws(' ', 'extension', oid, xmin) FROM pg_extension
  UNION ALL SELECT concat_ws(' ', 'rights', oid, xmin) FROM pg_default_acl
  UNION ALL SELECT concat_ws(' ', 'setting', setrole, setconfig) FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
  UNION ALL SELECT concat_ws(' ', 'database', datconnlimit, datallowconn, datacl)
    FROM pg_database WHERE datname = current_database()
  UNION ALL SELECT concat_ws(' ', 'migration', m) FROM tolva.migrations m
) AS everything (told)
"""
"""All that is made by statements, not by rows: it is told by number and by the transaction that last wrote it."""
TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid >= 16384 AND c.relkind = 'r' AND c.oid <> 'tolva.migrations'::regclass
"""
REST = """
SELECT setval(seqrelid, seqstart, false) FROM pg_sequence;
SET allow_system_table_mods = on;
DELETE FROM pg_statistic WHERE starelid >= 16384
"""
"""Counters go on where rows are deleted, and what was learnt of tables outlives them."""


class Emptying:
    """For the copies of one migrated template."""

    def __init__(self, template: psycopg.Connection) -> None:
        self._structure = _structure(template)
        tables = [sql.Identifier(*found) for found in template.execute(TABLES).fetchall()]
        told = [
            sql.SQL("SELECT {}::regclass::text WHERE EXISTS (SELECT FROM {})").format(
                sql.Literal(table.as_string()), table
            )
            for table in tables
        ]
        self._filled = sql.SQL(" UNION ALL ").join(told)
        assert not template.execute(self._filled).fetchall(), "the template holds rows that emptying would lose"

    def __call__(self, conn: psycopg.Connection) -> bool:
        """Whether it worked. The connection is a superuser's, in autocommit; all others of the database are ended."""
        if conn.execute(ALONE).fetchone() != (True,) or _structure(conn) != self._structure:
            return False
        filled = [name for (name,) in conn.execute(self._filled).fetchall()]
        if filled:
            conn.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.SQL, filled))))
        conn.execute(REST)
        return True


def _structure(conn: psycopg.Connection) -> str:
    found = conn.execute(STRUCTURE).fetchone()
    assert found
    return found[0]
