"""Real PostgreSQL for every test: the embedded one, and a second server where that matters and one answers."""

import os
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.chaos.figures import show_figures
from tests.emptying import Emptying
from tests.spares import Spares
from tests.spread import ByFile, longest_first
from tolva import app
from tolva.db.embedded.use import use
from tolva.db.migrate import migrate
from tolva.db.pool import Database

EXTERNAL = os.environ.get("TOLVA_TEST_DATABASE_URL", "postgresql://127.0.0.1:5432/postgres?user=root")
"""A second server, for when it answers. Its login must be a superuser."""
HERE = Path(__file__).parent
BOTH = ("db/test_isolation", "engines", "intake/test_destinations", "jobs", "tables", "webhooks")
"""Tests of SQL that the server's version may matter to. They run on both servers, all others on the embedded one."""
TEMPLATE = f"tolva_test_template_{uuid4().hex}"


class Cluster:
    """A server on which tests make databases of their own."""

    def __init__(self, admin_dsn: str, app_dsn: str) -> None:
        self.admin_dsn = admin_dsn
        self.app_dsn = app_dsn
        """With a login that is no superuser, where the cluster has one."""
        self._spares = Spares(partial(self._create, TEMPLATE), self._again, self._drop)
        self._emptying: Emptying | None = None

    def execute(self, statement: LiteralString | sql.Composed) -> None:
        with psycopg.connect(self.admin_dsn, autocommit=True) as conn:
            conn.execute(statement)

    @contextmanager
    def database(self, template: str = "template1") -> Generator["Fresh"]:
        """A database for as long as the context is open."""
        copy = template == TEMPLATE
        name = self._spares.take() if copy else self._create(template)
        try:
            yield self._named(name)
        finally:
            (self._spares.give_back if copy else self._drop)(name)

    @contextmanager
    def prepared(self) -> Generator["Cluster"]:
        """With a migrated database to copy."""
        self._create("template1", TEMPLATE)
        try:
            migrate(self._named(TEMPLATE).admin_dsn, app.migrations())
            with psycopg.connect(self._named(TEMPLATE).admin_dsn) as template:
                self._emptying = Emptying(template)
            with closing(self._spares):
                yield self
        finally:
            self._drop(TEMPLATE)

    def _create(self, template: str, name: str = "") -> str:
        name = name or _new_name()
        made, copied = sql.Identifier(name), sql.Identifier(template)
        self.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(made, copied))
        return name

    def _again(self, name: str) -> str:
        """The used copy, emptied; or another one. Under another name: what outlived its test does not find it."""
        assert self._emptying
        with psycopg.connect(self._named(name).admin_dsn, autocommit=True) as conn:
            emptied = self._emptying(conn)
        if not emptied:
            self._drop(name)
            return self._create(TEMPLATE)
        again = _new_name()
        self.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(again)))
        return again

    def _drop(self, name: str) -> None:
        self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _named(self, name: str) -> "Fresh":
        return Fresh(_in(self.admin_dsn, name), _in(self.app_dsn, name))


@dataclass(frozen=True)
class Fresh:
    """An empty database, migrated unless something else is said."""

    admin_dsn: str
    dsn: str


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "cluster" in metafunc.fixturenames:
        both = metafunc.definition.path.relative_to(HERE).as_posix().startswith(BOTH)
        servers = ["embedded", "external"] if both else ["embedded"]
        metafunc.parametrize("cluster", servers, indirect=True, scope="session")


@pytest.hookimpl(trylast=True)  # pytest has put together what shares a server
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    show_figures(terminalreporter)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """The server of this test. Each stays until the end, whichever is asked for next."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with use(reachable(tmp_path_factory.mktemp("pg"))) as here, Cluster(here.admin_dsn, here.dsn).prepared() as found:
        found.execute("GRANT tolva_app TO tolva")
        yield found


@pytest.fixture(scope="session")
def external() -> Iterator[Cluster]:
    _skip_unless_it_answers()
    with Cluster(EXTERNAL, EXTERNAL).prepared() as found:
        yield found


@pytest.fixture
def fresh(cluster: Cluster) -> Generator[Fresh]:
    """A database of its own for one test."""
    with cluster.database(TEMPLATE) as made:
        yield made


@pytest.fixture
def db(fresh: Fresh) -> Generator[Database]:
    with Database(fresh.dsn, name="tolva test") as database:
        yield database


def _new_name() -> str:
    return f"tolva_test_{uuid4().hex}"


def _in(dsn: str, database: str) -> str:
    return make_conninfo(dsn, dbname=database)


def reachable(folder: Path) -> Path:
    """pytest's folders are for their owner alone; PostgreSQL runs as somebody else when we are root."""
    for each in (folder, *folder.parents):
        if each.stat().st_uid == os.geteuid() and each.name.startswith(("pytest-", "popen-")):
            each.chmod(0o755)
    folder.chmod(0o755)
    return folder


def _skip_unless_it_answers() -> None:
    try:
        psycopg.connect(EXTERNAL, connect_timeout=20).close()  # a busy machine takes seconds
    except psycopg.OperationalError as error:
        pytest.skip(f"no second PostgreSQL to test on (TOLVA_TEST_DATABASE_URL): {error}")
