"""What no program replaces by itself in the crews that Celery and Dramatiq start: the frozen, and the companion."""

import signal
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psutil
import pytest

from tests.chaos import census
from tests.chaos.conftest import calm_postgres as postgres
from tests.chaos.crew import Crew, plan_for, run_crew
from tests.chaos.engines import running
from tests.chaos.handlers import QUICK, catalogue
from tests.chaos.postgres import Postgres
from tests.chaos.waiting import until
from tolva.core.job import NewJob
from tolva.engines import make_engine
from tolva.jobs.work import Jobs

__all__ = ["postgres"]

LEASE = 2.0
CREW = "SELECT pid, queues = '{}' AS is_companion FROM tolva.workers WHERE lease_until > clock_timestamp()"
STATE = "SELECT state FROM tolva.jobs WHERE id = %(id)s"


@pytest.fixture(scope="module", params=["celery", "command line of dramatiq"])
def jobs(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[tuple[Jobs, Crew]]:
    """A crew at work, as each test leaves it."""
    with (
        running(request.param) as engine,
        closing(make_engine(engine.settings, postgres.db)) as made,
        run_crew(plan_for(postgres.dsn, [QUICK], LEASE, settings=engine.settings), run=engine.run) as crew,
    ):
        jobs = Jobs(postgres.db, made, catalogue())
        check_at_work(postgres, jobs, crew)
        yield jobs, crew


def check_at_work(postgres: Postgres, jobs: Jobs, crew: Crew) -> None:
    with jobs.work("norte") as work:
        [job] = work.enqueue(NewJob("short", {}))

    def is_done() -> bool:
        crew.keep_up()
        return postgres.one(STATE, {"id": job.id}) == "completed"

    until(is_done, "a job is done")


def living(postgres: Postgres, **wanted: Any) -> list[psutil.Process]:
    """The processes of the crew."""
    pids = [row["pid"] for row in postgres.ask(CREW) if wanted.items() <= row.items()]
    return [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]


def one(postgres: Postgres, **wanted: Any) -> psutil.Process:
    return until(lambda: living(postgres, **wanted), f"one is there: {wanted}")[0]


def test_a_process_that_stays_frozen_is_replaced(postgres: Postgres, jobs: tuple[Jobs, Crew]) -> None:
    frozen = one(postgres, is_companion=False)
    census.send(frozen, signal.SIGSTOP)
    until(lambda: not frozen.is_running(), "it is ended")
    check_at_work(postgres, *jobs)


def test_a_crew_whose_companion_was_killed_is_at_work_again(postgres: Postgres, jobs: tuple[Jobs, Crew]) -> None:
    companion = one(postgres, is_companion=True)
    census.kill(companion)
    until(lambda: not companion.is_running(), "it has ended")
    check_at_work(postgres, *jobs)
