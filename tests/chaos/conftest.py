"""The seed of a run, its figures, and a PostgreSQL that may be killed."""

import os
import random
from collections.abc import Iterator
from itertools import chain

import pytest

from tests.chaos.figures import Figures
from tests.chaos.place import Place, fresh_place
from tests.chaos.postgres import Postgres, run_postgres

FIGURES = "figures"


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    told = Figures()
    told.say(f"-- {request.node.name}")
    request.node.user_properties.append((FIGURES, told.lines))  # which reaches the summary out of another process, too
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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    ended = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    told = [lines for report in ended for name, lines in report.user_properties if name == FIGURES]
    if told:
        terminalreporter.section("chaos")
        for line in chain.from_iterable(told):
            terminalreporter.write_line(line)
