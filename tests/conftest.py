"""Real PostgreSQL for every test: the embedded one, and a second server where one answers."""

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tolva import app
from tolva.db.embedded.use import use
from tolva.db.migrate import migrate
from tolva.db.pool import Database

EXTERNAL = os.environ.get("TOLVA_TEST_DATABASE_URL", "postgresql://127.0.0.1:5432/postgres?user=root")
"""A second server on which the same tests run, when it answers. Its login must be a superuser."""
TEMPLATE = f"tolva_test_template_{os.getpid()}"


@dataclass(frozen=True)
class Cluster:
    """A server on which tests make databases of their own."""

    admin_dsn: str
    app_dsn: str
    """With a login that is no superuser, where the cluster has one."""

    def execute(self, statement: LiteralString | sql.Composed) -> None:
        with psycopg.connect(self.admin_dsn, autocommit=True) as conn:
            conn.execute(statement)

    def create(self, name: str, template: str | None = None) -> None:
        like = sql.SQL(" TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("")
        self.execute(sql.SQL("CREATE DATABASE {}{}").format(sql.Identifier(name), like))

    def drop(self, name: str) -> None:
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@dataclass(frozen=True)
class Fresh:
    """A migrated, empty database."""

    admin_dsn: str
    dsn: str


@pytest.fixture(scope="session", params=["embedded", "external"])
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with ExitStack() as stack:
        if request.param == "embedded":
            here = stack.enter_context(use(reachable(tmp_path_factory.mktemp("pg"))))
            found = Cluster(here.admin_dsn, here.dsn)
        else:
            found = Cluster(EXTERNAL, EXTERNAL)
            _skip_unless_it_answers()
        found.drop(TEMPLATE)
        found.create(TEMPLATE)
        migrate(_in(found.admin_dsn, TEMPLATE), app.migrations())
        if request.param == "embedded":
            found.execute("GRANT tolva_app TO tolva")
        yield found
        found.drop(TEMPLATE)


@pytest.fixture
def fresh(cluster: Cluster) -> Generator[Fresh]:
    """A database of its own for one test."""
    name = f"tolva_test_{uuid4().hex}"
    cluster.create(name, TEMPLATE)
    yield Fresh(_in(cluster.admin_dsn, name), _in(cluster.app_dsn, name))
    cluster.drop(name)


@pytest.fixture
def db(fresh: Fresh) -> Generator[Database]:
    with Database(fresh.dsn, name="tolva test") as database:
        yield database


def _in(dsn: str, database: str) -> str:
    return make_conninfo(**conninfo_to_dict(dsn) | {"dbname": database})


def reachable(folder: Path) -> Path:
    """pytest's folders are for their owner alone; PostgreSQL runs as somebody else when we are root."""
    for each in (folder, *folder.parents):
        if each.stat().st_uid == os.geteuid() and each.name.startswith("pytest-"):
            each.chmod(0o755)
    folder.chmod(0o755)
    return folder


def _skip_unless_it_answers() -> None:
    try:
        psycopg.connect(EXTERNAL, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        pytest.skip(f"no second PostgreSQL to test on (TOLVA_TEST_DATABASE_URL): {error}")
