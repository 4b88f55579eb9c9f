"""The seed of a run, its figures, and a PostgreSQL that may be killed."""

import os
import random
from collections.abc import Iterator

import pytest

from tests.chaos.figures import Figures
from tests.chaos.place import Place, fresh_place
from tests.chaos.postgres import Postgres, run_postgres

_FIGURES = pytest.StashKey[Figures]()


@pytest.fixture(scope="session")
def _told(request: pytest.FixtureRequest) -> Figures:
    return request.config.stash.setdefault(_FIGURES, Figures())


@pytest.fixture
def figures(_told: Figures, request: pytest.FixtureRequest) -> Figures:
    _told.say(f"-- {request.node.name}")
    return _told


@pytest.fixture
def rng(figures: Figures) -> random.Random:
    seed = int(os.environ.get("TOLVA_CHAOS_SEED") or random.SystemRandom().randrange(10**9))
    figures.say(f"TOLVA_CHAOS_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def place() -> Iterator[Place]:
    with fresh_place() as found:
        yield found


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with fresh_place() as found, run_postgres(found) as running:
        yield running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    told = config.stash.get(_FIGURES, None)
    if told and told.lines:
        terminalreporter.section("chaos")
        for line in told.lines:
            terminalreporter.write_line(line)
