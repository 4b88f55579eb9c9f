"""Engines are tried on the same workshop as the jobs that they ring for."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.engines.brokers import CARRIERS, Brokers
from tests.jobs.conftest import admin, fresh, shop, site

__all__ = ["admin", "fresh", "shop", "site"]


@pytest.fixture(scope="module", params=CARRIERS, ids=str)
def carrier(request: pytest.FixtureRequest) -> str:
    """All tests of one carrier come one after another: its server and workers are its own."""
    return request.param


@pytest.fixture(scope="module")
def brokers(carrier: str) -> Iterator[Brokers]:
    with ExitStack() as stack, pytest.MonkeyPatch.context() as monkeypatch:
        yield Brokers(stack, monkeypatch)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The server's version matters to those engines alone that listen to PostgreSQL."""
    spared = [item for item in items if _is_spared(item)]
    config.hook.pytest_deselected(items=spared)
    items[:] = [item for item in items if item not in spared]


def _is_spared(item: pytest.Item) -> bool:
    given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return given.get("cluster") == "external" and given.get("carrier", "postgres") not in ("postgres", "inline")
