"""The seed of a run, its figures, a PostgreSQL that may be killed, and one that is left alone."""

import os
import random
from collections.abc import Iterator

import pytest

from tests.chaos.figures import PROPERTY, Figures
from tests.chaos.place import Place, fresh_place
from tests.chaos.postgres import Postgres, run_postgres


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    told = Figures()
    told.say(f"-- {request.node.name}")
    request.node.user_properties.append((PROPERTY, told.lines))
    return told


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


@pytest.fixture(scope="module")
def calm_postgres() -> Iterator[Postgres]:
    """For a file whose tests leave the server alone: one for all of them."""
    with fresh_place() as found, run_postgres(found) as running:
        yield running
