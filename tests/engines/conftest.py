"""Engines are tried on the same workshop as the jobs that they ring for."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.engines.brokers import Brokers
from tests.jobs.conftest import admin, fresh, shop, site

__all__ = ["admin", "fresh", "shop", "site"]


@pytest.fixture(scope="module")
def brokers() -> Iterator[Brokers]:
    with ExitStack() as stack, pytest.MonkeyPatch.context() as monkeypatch:
        yield Brokers(stack, monkeypatch)
