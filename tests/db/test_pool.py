"""Connections after an outage."""

import time

import psycopg
import pytest
from psycopg import sql

from tests.chaos.proxy import run_proxy
from tests.conftest import Fresh
from tests.jobs.workshop import until
from tolva.db.pool import Database
from tolva.errors import CommitLost, DatabaseUnavailable

OUTAGE = 8.0


def answers(db: Database) -> bool:
    try:
        with db.connection() as conn:
            return conn.execute("SELECT 1 AS one").fetchone() == {"one": 1}
    except DatabaseUnavailable:
        return False


def test_the_pool_is_back_soon_after_an_outage_however_long_that_was(fresh: Fresh) -> None:
    with run_proxy(fresh.dsn, lose_answer_to=b"nothing has this") as cable, Database(cable.dsn, name="t") as db:
        db._pool.timeout = 1.0
        assert answers(db)
        cable.cut()
        began = time.monotonic()
        until(lambda: not answers(db) and time.monotonic() - began > OUTAGE, 2 * OUTAGE)
        cable.mend()
        back = time.monotonic()
        until(lambda: answers(db), 10)
        assert time.monotonic() - back < OUTAGE / 2


def test_a_connection_that_died_in_the_pool_is_replaced_before_anybody_has_it(fresh: Fresh) -> None:
    with Database(fresh.dsn, name="t", size=1) as db:
        with db.connection() as conn:
            pid = conn.info.backend_pid
        with psycopg.connect(fresh.admin_dsn, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        assert answers(db)


def test_where_the_answer_to_a_commit_is_lost_nobody_is_told_that_nothing_was_done(fresh: Fresh) -> None:
    with (
        psycopg.connect(fresh.admin_dsn, autocommit=True) as admin,
        run_proxy(fresh.dsn, lose_answer_to=b"COMMIT") as cable,
        Database(cable.dsn, name="t") as db,
    ):
        admin.execute("CREATE TABLE kept (n integer); GRANT ALL ON kept TO tolva_app")
        with pytest.raises(CommitLost, match="nobody knows"), db.transaction() as conn:
            conn.execute("INSERT INTO kept VALUES (1)")
        assert admin.execute("SELECT n FROM kept").fetchall() == [(1,)]


REFUSE_THE_COMMIT = """
CREATE TABLE refused (n integer); GRANT ALL ON refused TO tolva_app;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'no space' USING ERRCODE = 'disk_full'; END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON refused DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION refuse()
"""


def test_a_commit_that_the_server_refuses_is_known_to_be_undone(fresh: Fresh) -> None:
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as admin, Database(fresh.dsn, name="t") as db:
        admin.execute(REFUSE_THE_COMMIT)
        with pytest.raises(DatabaseUnavailable, match="disk") as told, db.transaction() as conn:
            conn.execute("INSERT INTO refused VALUES (1)")
        assert not isinstance(told.value, CommitLost)


def test_a_pool_that_is_used_up_says_so(fresh: Fresh) -> None:
    with Database(fresh.dsn, name="t", size=1) as db:
        db._pool.timeout = 0.2
        with db.connection(), pytest.raises(DatabaseUnavailable, match="All 1 connections"), db.connection():
            pass


def test_a_server_without_room_says_what_to_raise(fresh: Fresh) -> None:
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as admin:
        limit = sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 0").format(sql.Identifier(admin.info.dbname))
        admin.execute(limit)
    with Database(fresh.dsn, name="t") as db:
        db._pool.timeout = 0.2
        with pytest.raises(DatabaseUnavailable, match="max_connections"), db.connection():
            pass
