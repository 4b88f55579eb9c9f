"""Workers that start while their broker is down: jobs are taken in meanwhile, and done once it answers."""

import time
from contextlib import closing

import pytest

from tests.chaos.conftest import calm_postgres as postgres
from tests.chaos.crew import plan_for, run_crew
from tests.chaos.engines import EVERY, running
from tests.chaos.figures import Figures
from tests.chaos.handlers import QUICK, catalogue
from tests.chaos.postgres import Postgres
from tests.chaos.waiting import until
from tolva.core.job import NewJob
from tolva.engines import make_engine
from tolva.jobs.work import Jobs

__all__ = ["postgres"]

WITHIN = 30.0
"""Seconds after the broker's return in which work goes on."""
DOWN = 5.0
"""Seconds that it stays away once the crew has been started: long enough to be tried in vain."""
DONE = "SELECT bool_and(state = 'completed') FROM tolva.jobs WHERE id = ANY(%(ids)s)"


@pytest.mark.parametrize("name", EVERY)
def test_a_crew_that_starts_before_its_broker_goes_on_with_it(name: str, postgres: Postgres, figures: Figures) -> None:
    with running(name) as engine, closing(make_engine(engine.settings, postgres.db)) as made:
        engine.broker.stop()
        jobs = Jobs(postgres.db, made, catalogue())
        with run_crew(plan_for(postgres.dsn, [QUICK], 10, settings=engine.settings), run=engine.run) as crew:
            with jobs.work("norte") as work:
                made_ids = [job.id for job in work.enqueue(*(NewJob("short", {}) for _ in range(3)))]
            away_until = time.monotonic() + DOWN
            until(lambda: crew.keep_up() or time.monotonic() > away_until, "the broker stays away for a while")
            engine.broker.start()
            back = time.monotonic()
            until(lambda: crew.keep_up() or postgres.one(DONE, {"ids": made_ids}), "the jobs are done", WITHIN)
            figures.say(f"{name}: {time.monotonic() - back:.1f} s after the broker's return")
