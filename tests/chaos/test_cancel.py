"""Cancelling outlives every worker: what waits never starts, what runs ends in time, whether it listens or not."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from datetime import datetime
from typing import Any

import pytest

from tests.chaos.conftest import calm_postgres as postgres
from tests.chaos.crew import POSTGRES, Crew, Run, plan_for, run_crew, supervise
from tests.chaos.engines import running
from tests.chaos.figures import Figures
from tests.chaos.handlers import QUICK, STEADY, STUBBORN, catalogue
from tests.chaos.postgres import Postgres
from tests.chaos.waiting import until
from tolva.core.job import JobId, NewJob, Queue
from tolva.engines import make_engine
from tolva.jobs.work import Jobs
from tolva.settings import Settings

__all__ = ["postgres"]

TENANT = "norte"
LEASE = 3.0
Start = Callable[[Queue], AbstractContextManager[Crew]]
JOB = "SELECT * FROM tolva.jobs WHERE id = %(id)s"
STARTS = "SELECT count(*) FROM tolva.job_events WHERE job_id = %(id)s AND type = 'started'"
EFFECTS = "SELECT count(*) FROM ledger WHERE job_id = %(id)s"


@pytest.fixture(scope="module", params=["postgres", "celery", "command line of dramatiq"])
def engine(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[tuple[Settings, Run]]:
    """Our own crews, and those that other programs start."""
    if request.param == "postgres":
        yield POSTGRES, supervise
        return
    with running(request.param) as found:
        yield found.settings, found.run


@pytest.fixture
def start(engine: tuple[Settings, Run], postgres: Postgres) -> Start:
    """Starts a crew for a queue."""
    settings, run = engine
    return lambda queue: run_crew(plan_for(postgres.dsn, [queue], LEASE, settings=settings), run=run)


@pytest.fixture
def jobs(engine: tuple[Settings, Run], postgres: Postgres) -> Iterator[Jobs]:
    with closing(make_engine(engine[0], postgres.db)) as made:
        yield Jobs(postgres.db, made, catalogue())


def ask_for(jobs: Jobs, kind: str, **params: Any) -> JobId:
    with jobs.work(TENANT) as work:
        [made] = work.enqueue(NewJob(kind, params))
    return made.id


def cancel(jobs: Jobs, id: JobId) -> None:
    with jobs.work(TENANT) as work:
        work.cancel(id)


def job(postgres: Postgres, id: JobId) -> dict[str, Any]:
    [row] = postgres.ask(JOB, {"id": id})
    return row


def await_state(postgres: Postgres, id: JobId, state: str) -> None:
    until(lambda: job(postgres, id)["state"] == state, f"the job is {state}")


def seconds(begun: datetime, ended: datetime) -> float:
    return (ended - begun).total_seconds()


def test_what_was_cancelled_without_workers_never_starts(postgres: Postgres, jobs: Jobs, start: Start) -> None:
    called_off = [ask_for(jobs, "short") for _ in range(20)]
    for id in called_off:
        cancel(jobs, id)
    witness = ask_for(jobs, "short")  # queued last, so whoever runs it has passed over the others
    with start(QUICK):
        await_state(postgres, witness, "completed")
    for id in called_off:
        assert (job(postgres, id)["state"], job(postgres, id)["attempt"]) == ("cancelled", 0)
        assert postgres.one(EFFECTS, {"id": id}) == 0


def test_what_was_cancelled_after_its_worker_was_killed_never_starts_again(
    postgres: Postgres, jobs: Jobs, start: Start
) -> None:
    orphan = ask_for(jobs, "docile")
    with start(STEADY) as crew:
        await_state(postgres, orphan, "running")
        crew.kill()
    cancel(jobs, orphan)
    assert job(postgres, orphan)["state"] == "running", "nobody is there to tell that it is lost"
    with start(STEADY):
        await_state(postgres, orphan, "cancelled")
    assert postgres.one(STARTS, {"id": orphan}) == 1


def test_a_running_job_that_listens_stops_within_two_seconds(
    postgres: Postgres, jobs: Jobs, start: Start, figures: Figures
) -> None:
    with start(STEADY):
        listening = [ask_for(jobs, "docile") for _ in range(4)]
        for id in listening:
            await_state(postgres, id, "running")
        for id in listening:
            cancel(jobs, id)
            await_state(postgres, id, "cancelled")
    ended = [job(postgres, id) for id in listening]
    took = [seconds(each["cancel_requested_at"], each["finished_at"]) for each in ended]
    figures.say(f"cancel to stop: {', '.join(f'{each:.2f} s' for each in took)}")
    assert max(took) <= 2


@pytest.mark.parametrize("kind", ["stubborn", "gripping"])
def test_a_running_job_that_does_not_listen_ends_soon_after_its_hard_limit(
    kind: str, postgres: Postgres, jobs: Jobs, start: Start, figures: Figures
) -> None:
    with start(STUBBORN):
        deaf = ask_for(jobs, kind, seconds=60)
        await_state(postgres, deaf, "running")
        cancel(jobs, deaf)
        await_state(postgres, deaf, "cancelled")
    ended = job(postgres, deaf)
    late = seconds(ended["started_at"], ended["finished_at"]) - STUBBORN.hard_limit
    figures.say(f"{kind}: ended {late:.2f} s after the hard limit")
    assert 0 <= late <= 10
    assert postgres.one(STARTS, {"id": deaf}) == 1
    assert postgres.one(EFFECTS, {"id": deaf}) == 0
