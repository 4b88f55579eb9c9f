"""A throw-away schema on a real PostgreSQL, with `products` under forced row-level security and an ordinary role."""

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import polars as pl
import psycopg
import pytest
from psycopg import sql

from tests.conftest import Cluster
from tolva.tables import sift
from tolva.tables.ddl import create_table
from tolva.tables.document import builtin_schema
from tolva.tables.ledger import PASSING, PASSING_LEDGER, Entry
from tolva.tables.load import MAX_KEYS, Loaded, prepare, write
from tolva.tables.schema import Schema
from tolva.tables.shape import Shape
from tolva.tables.survey import Survey

Connect = Callable[..., psycopg.Connection]

SECURITY = """
ALTER TABLE products ENABLE ROW LEVEL SECURITY;
ALTER TABLE products FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON products USING (tenant_id = current_setting('app.tenant_id'));
"""


def undecided(found: Survey) -> tuple[str, ...]:
    """The fields some of whose cells mean two things, with nothing to tell which."""
    return tuple(name for name, notation in found.notations.items() if notation.undecided)


def separated(found: Survey) -> tuple[str, ...]:
    """The fields of integers where what means two things separates thousands."""
    return tuple(name for name, notation in found.notations.items() if notation.separated)


LEDGER = sql.Identifier("load_ledger")
NUMBERS = count(1)


def load(
    conn: psycopg.Connection,
    schema: Schema,
    good: pl.DataFrame,
    constants: dict[str, str],
    entry: Entry,
    *,
    like: Loaded | None = None,
    rehearsal: bool = False,
    keep: int = MAX_KEYS,
) -> Loaded:
    """A chunk that the table takes whole: what it refuses is raised."""
    if not good.height:
        return Loaded()
    shape = Shape.of(schema, good.columns)
    prepare(conn, shape, constants, rehearsal=rehearsal)
    return write(conn, shape, good, constants, entry, like=like, rehearsal=rehearsal, keep=keep)


def load_noted(
    conn: psycopg.Connection, schema: Schema, good: pl.DataFrame, constants: dict[str, str], **more: Any
) -> Loaded:
    """A load of one chunk, under a job of its own."""
    entry = Entry(LEDGER, str(UUID(int=next(NUMBERS))), int(good["row"][-1]) if good.height else 0)
    return load(conn, schema, good, constants, entry, **more)


@pytest.fixture(scope="session")
def products() -> Schema:
    return builtin_schema("products")


@pytest.fixture(scope="session")
def dsn(cluster: Cluster) -> Iterator[str]:
    with cluster.database() as made:
        yield made.admin_dsn


@pytest.fixture(scope="session")
def connect(dsn: str, products: Schema) -> Iterator[Connect]:
    """Opens connections as the ordinary role of a schema that is dropped at the end."""
    name = sql.Identifier(f"tables_{uuid4().hex[:12]}")

    def connect_as(tenant: str = "t1") -> psycopg.Connection:
        conn = psycopg.connect(dsn)
        conn.execute(sql.SQL("SET ROLE {0}; SET search_path TO {0}").format(name))
        conn.execute("SELECT set_config('app.tenant_id', %s, false)", [tenant])
        conn.commit()
        return conn

    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {0}; CREATE SCHEMA {0} AUTHORIZATION {0}").format(name))
        try:
            with connect_as() as conn:
                conn.execute(create_table(products) + SECURITY)
                conn.execute(PASSING_LEDGER)
                conn.execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)").format(LEDGER, PASSING))
            yield connect_as
        finally:
            admin.execute(sql.SQL("DROP SCHEMA {0} CASCADE; DROP ROLE {0}").format(name))


@pytest.fixture
def conn(connect: Connect) -> Iterator[psycopg.Connection]:
    """Everything that a test does in it is rolled back, and `products` begins empty."""
    with connect() as connection:
        connection.execute("DELETE FROM products")
        yield connection
        connection.rollback()


@pytest.fixture
def sent(conn: psycopg.Connection) -> list[str]:
    """The statements that are sent in it."""
    statements: list[str] = []

    class Noting(psycopg.Cursor[Any]):
        def execute(self, query: Any, *given: Any, **more: Any) -> Any:
            statements.append(query if isinstance(query, str) else query.as_string(conn))
            return super().execute(query, *given, **more)

    conn.cursor_factory = Noting
    return statements


@pytest.fixture(scope="session")
def real_files() -> Path:
    """Odd but real spreadsheets; they are no part of the project."""
    root = Path(__file__).parents[2]
    folder = (root / os.environ.get("TOLVA_REAL_DATA", "../shared/data") / "spreadsheets").resolve()
    if not folder.is_dir():
        pytest.skip("no real spreadsheets: set TOLVA_REAL_DATA")
    return folder


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The heights of the parts of frames that were written, or tried to be."""
    heights: list[int] = []
    kept = sift.write

    def write(conn: Any, shape: Any, good: pl.DataFrame, *given: Any, **more: Any) -> Loaded:
        heights.append(good.height)
        return kept(conn, shape, good, *given, **more)

    monkeypatch.setattr(sift, "write", write)
    yield heights
