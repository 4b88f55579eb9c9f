from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Fresh
from tests.service import service
from tests.webhooks.receiver import Receiver, receiving
from tolva.settings import Settings, load_settings

__all__ = ["service"]


@pytest.fixture
def settings(fresh: Fresh, tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path, database_url=fresh.dsn, port=0, webhooks_private=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
