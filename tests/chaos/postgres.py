"""An embedded PostgreSQL of a test's own, so that it may be killed, with the tables of the test handlers."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
import pytest

from tests.chaos.place import Place
from tolva import app
from tolva.db.embedded.use import use
from tolva.db.pool import Database
from tolva.errors import TryLater

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds for which a test asks a server that is away; crash recovery takes a few."""

LEDGER = """
CREATE TABLE ledger (
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  job_id uuid NOT NULL, step integer NOT NULL, attempt integer NOT NULL, worker uuid, pid integer NOT NULL);
GRANT SELECT, INSERT ON ledger TO tolva_app;
"""
"""Effects of jobs. Nothing is unique here, so that a doubled effect is seen."""


@dataclass(frozen=True)
class Postgres:
    """A running, migrated server. `db` acts as the application does."""

    place: Place
    admin_dsn: str
    dsn: str
    db: Database

    def ask(self, query: str, given: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows that a superuser sees; asked again while the server is away, so only for what may be repeated."""
        return patiently(lambda: self._ask(query, given))

    def one(self, query: str, given: dict[str, Any] | None = None) -> Any:
        """The only column of the only row."""
        [row] = self.ask(query, given)
        [value] = row.values()
        return value

    def _ask(self, query: str, given: dict[str, Any] | None) -> list[dict[str, Any]]:
        with psycopg.connect(self.admin_dsn, autocommit=True, row_factory=psycopg.rows.dict_row) as conn:
            cursor = conn.execute(query, given)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def run_postgres(place: Place) -> Iterator[Postgres]:
    """A server for the time of a test."""
    name, value = place.mark
    os.environ[name] = value  # inherited by its keeper, and by the workers that the test starts
    try:
        with use(place.data_dir) as here:
            app.bring_up_to_date(app.Server(here.dsn, here.admin_dsn, embedded=True))
            with Database(here.dsn, name="chaos") as db:
                postgres = Postgres(place, here.admin_dsn, here.dsn, db)
                postgres.ask(LEDGER)
                yield postgres
    finally:
        del os.environ[name]


def patiently(act: Callable[[], T]) -> T:
    """Do it, again and again while PostgreSQL is away."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        try:
            return act()
        except (TryLater, psycopg.OperationalError):
            time.sleep(0.1)
    return pytest.fail(f"PostgreSQL was away for {PATIENCE:g} s")
