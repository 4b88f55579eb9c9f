"""Migrations: each applied once, by one process at a time, whole or not at all."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.conftest import Cluster
from tests.jobs.workshop import together
from tolva import app
from tolva.db import migrate as migrations
from tolva.db.migrate import Migration, migrate, pending
from tolva.errors import SettingsError

FIRST = Migration("test", "0001_first.sql", "CREATE TABLE tolva.first (n integer); INSERT INTO tolva.first VALUES (1)")
SECOND = Migration("test", "0002_second.sql", "CREATE TABLE tolva.second (n integer)")
BROKEN = Migration("test", "0002_second.sql", "CREATE TABLE tolva.second (n integer); SELECT 1 / 0")


@pytest.fixture
def dsn(cluster: Cluster) -> Iterator[str]:
    """An empty database."""
    with cluster.database() as made:
        yield made.admin_dsn


def rows(dsn: str, query: str) -> list[Any]:
    with psycopg.connect(dsn) as conn:
        return conn.execute(query).fetchall()


def test_the_second_time_there_is_nothing_to_do(dsn: str) -> None:
    every = app.migrations()
    assert pending(dsn, every) == every
    assert migrate(dsn, every) == every
    assert pending(dsn, every) == []
    assert migrate(dsn, every) == []


def test_of_several_who_migrate_at_once_one_applies_it(dsn: str) -> None:
    applied = together(*[lambda: migrate(dsn, [FIRST, SECOND])] * 4)
    assert sorted(applied, key=len) == [[], [], [], [FIRST, SECOND]]
    assert rows(dsn, "SELECT n FROM tolva.first") == [(1,)]


def test_what_is_added_later_is_applied_alone(dsn: str) -> None:
    migrate(dsn, [FIRST])
    assert migrate(dsn, [FIRST, SECOND]) == [SECOND]


def test_a_migration_that_fails_leaves_nothing_and_can_be_repeated(dsn: str) -> None:
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(dsn, [FIRST, BROKEN])
    assert rows(dsn, "SELECT to_regclass('tolva.second')") == [(None,)]
    assert rows(dsn, "SELECT name FROM tolva.migrations") == [(FIRST.name,)]
    assert migrate(dsn, [FIRST, SECOND]) == [SECOND]


def test_a_migration_that_was_changed_afterwards_is_refused(dsn: str) -> None:
    migrate(dsn, [FIRST])
    with pytest.raises(SettingsError, match=r"another version of Tolva \(test 0001_first\.sql\)"):
        migrate(dsn, [replace(FIRST, statements="SELECT 1")])


def test_a_database_of_a_newer_version_is_refused_and_left_alone(dsn: str) -> None:
    migrate(dsn, [FIRST, SECOND])
    third = Migration("test", "0003_third.sql", "SELECT 1")
    with pytest.raises(SettingsError, match=r"test 0002_second\.sql"):
        migrate(dsn, [FIRST, third])
    assert rows(dsn, "SELECT count(*) FROM tolva.migrations") == [(2,)]


def test_a_server_that_is_too_old_is_refused_with_the_remedy() -> None:
    old: Any = SimpleNamespace(info=SimpleNamespace(server_version=140013))
    with pytest.raises(SettingsError, match="PostgreSQL 14 is too old: Tolva needs 15 or later"):
        migrations._refuse_old_server(old)
    migrations._refuse_old_server(SimpleNamespace(info=SimpleNamespace(server_version=150000)))  # type: ignore


def test_a_login_that_may_not_create_is_told_who_must(dsn: str) -> None:
    role = f"tolva_test_{uuid4().hex[:8]}"
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
        try:
            weak = make_conninfo(dsn, options=f"-c role={role}")
            with pytest.raises(SettingsError, match="tolva migrate"):
                migrate(weak, [FIRST])
        finally:
            conn.execute(f"DROP ROLE {role}")


def test_names_order_the_files_of_a_module() -> None:
    names = [migration.name for migration in migrations.find_migrations("tolva.jobs")]
    assert names == sorted(names)
    assert names[0] == "0001_jobs.sql"
