"""One database for all tests of jobs, emptied before each: making one takes longer than most of the tests."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from tests.conftest import TEMPLATE, Cluster
from tests.jobs.workshop import Site, Workshop
from tolva.db.pool import Database

EMPTY = """
SET lock_timeout = '10s';
DELETE FROM tolva.jobs; DELETE FROM tolva.job_words; DELETE FROM tolva.job_events; DELETE FROM tolva.dead_letters;
DELETE FROM tolva.schedules; DELETE FROM tolva.lanes; DELETE FROM tolva.queues; DELETE FROM tolva.workers;
"""


@pytest.fixture(scope="session")
def site(cluster: Cluster) -> Iterator[Site]:
    with (
        cluster.database(TEMPLATE) as made,
        psycopg.connect(made.admin_dsn, autocommit=True, row_factory=dict_row) as admin,
    ):
        name = sql.Identifier(admin.info.dbname)
        admin.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))
        yield Site(made.admin_dsn, made.dsn, admin)


@pytest.fixture
def fresh(site: Site) -> Site:
    site.admin.execute(EMPTY)
    return site


@pytest.fixture
def admin(fresh: Site) -> psycopg.Connection[DictRow]:
    """A superuser's view: every row of every tenant."""
    return fresh.admin


@pytest.fixture
def shop(db: Database, admin: psycopg.Connection[DictRow]) -> Iterator[Workshop]:
    with Workshop(db, admin) as shop:
        yield shop
