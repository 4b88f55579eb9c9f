"""What row-level security must hold, whatever the application does."""

import psycopg
import pytest
from psycopg import errors as pg

from tolva.db.pool import Database


def test_every_table_with_a_tenant_forces_row_level_security(fresh) -> None:
    with psycopg.connect(fresh.admin_dsn) as conn:
        rows = conn.execute(
            """
            SELECT c.oid::regclass::text, c.relrowsecurity AND c.relforcerowsecurity
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
            JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname IN ('tolva', 'public')
            WHERE a.attname = 'tenant_id'
            """
        ).fetchall()
    assert len(rows) >= 7
    assert [table for table, forced in rows if not forced] == []


def test_the_application_cannot_leave_its_role_for_more(db: Database, cluster) -> None:
    with db.connection() as conn:
        conn.execute("RESET ROLE")
        row = conn.execute(
            "SELECT rolsuper OR rolbypassrls OR rolcreaterole AS mighty FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    if cluster.admin_dsn != cluster.app_dsn:  # the second server has one login for everything
        assert row == {"mighty": False}


def test_a_tenant_neither_sees_nor_writes_another_tenants_rows(db: Database) -> None:
    insert = """INSERT INTO tolva.schedules (tenant_id, name, cron, timezone, kind, queue, priority, max_attempts,
        soft_limit, hard_limit, params, next_at) VALUES (%s, 'x', '', '', '', '', 5, 1, 1, 1, '{}', now())"""
    with db.transaction("a") as conn:
        conn.execute(insert, ("a",))
    with db.transaction("b") as conn:
        assert conn.execute("SELECT * FROM tolva.schedules").fetchall() == []
        assert conn.execute("DELETE FROM tolva.schedules").rowcount == 0
    with db.transaction("a") as conn:
        assert conn.execute("SELECT * FROM tolva.schedules").rowcount == 1
    with pytest.raises(pg.InsufficientPrivilege), db.transaction("b") as conn:
        conn.execute(insert, ("a",))


def test_without_a_tenant_nothing_is_seen(db: Database) -> None:
    with db.transaction("a") as conn:
        conn.execute("SELECT 1")
    with db.transaction() as conn:
        assert conn.execute("SELECT * FROM tolva.jobs").fetchall() == []
