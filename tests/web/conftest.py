from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from tests.cli.conftest import tolva
from tests.conftest import Fresh
from tests.jobs.workshop import Workshop
from tests.service import service, settings
from tolva.db.pool import Database
from tolva.engines import make_engine
from tolva.settings import Settings
from tolva.web.live import watcher

__all__ = ["service", "settings", "tolva"]


@pytest.fixture
def admin(fresh: Fresh) -> Iterator[psycopg.Connection[DictRow]]:
    with psycopg.connect(fresh.admin_dsn, autocommit=True, row_factory=dict_row) as conn:
        yield conn


@pytest.fixture
def shop(db: Database, admin: psycopg.Connection[DictRow]) -> Iterator[Workshop]:
    """Whoever works on the jobs that the streams show, and tells those who watch."""
    with closing(make_engine(Settings(), db)) as engine, Workshop(db, admin) as shop:
        shop.engine = engine
        yield shop


@pytest.fixture
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "LOOK", 0.01)
