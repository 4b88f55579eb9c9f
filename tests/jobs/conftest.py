"""One database for all tests of jobs, emptied before each: making one takes longer than most of the tests."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row

from tests.conftest import TEMPLATE
from tests.jobs.workshop import Site, Workshop
from tolva.db.pool import Database

EMPTY = """
SET lock_timeout = '10s';
DELETE FROM tolva.jobs; DELETE FROM tolva.job_words; DELETE FROM tolva.job_events; DELETE FROM tolva.dead_letters;
DELETE FROM tolva.schedules; DELETE FROM tolva.lanes; DELETE FROM tolva.queues; DELETE FROM tolva.workers;
"""


@pytest.fixture(scope="session")
def site(cluster) -> Iterator[Site]:
    name = f"tolva_test_{uuid4().hex}"
    cluster.create(name, TEMPLATE)
    admin_dsn, dsn = (
        make_conninfo(**conninfo_to_dict(given) | {"dbname": name}) for given in (cluster.admin_dsn, cluster.app_dsn)
    )
    with psycopg.connect(admin_dsn, autocommit=True, row_factory=dict_row) as admin:
        admin.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))
        yield Site(admin_dsn, dsn, admin)
    cluster.drop(name)


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
