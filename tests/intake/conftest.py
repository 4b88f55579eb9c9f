from collections.abc import Iterator

import psycopg
import pytest

from tests.conftest import Fresh
from tests.service import lasting_service, service, settings

__all__ = ["lasting_service", "service", "settings"]


@pytest.fixture
def admin(fresh: Fresh) -> Iterator[psycopg.Connection]:
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        yield conn
