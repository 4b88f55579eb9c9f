"""A tenant with a long queue does not keep others waiting, and loses next to nothing to them."""

from dataclasses import dataclass
from itertools import islice

import pytest

from tests.chaos.crew import plan_for, run_crew
from tests.chaos.figures import Figures, percentile
from tests.chaos.handlers import CROWD, catalogue
from tests.chaos.postgres import Postgres
from tests.chaos.waiting import until
from tolva.core.job import NewJob
from tolva.engines.postgres import PostgresEngine
from tolva.jobs.work import Jobs

MANY, FEW = "many", "few"
PORTION = 1000
"""Jobs made in one transaction."""
OPEN = "SELECT count(*) FROM tolva.jobs WHERE state IN ('queued', 'running') AND tenant_id = %(tenant)s"
DONE = "SELECT count(*) FROM tolva.jobs WHERE state = 'completed' AND tenant_id = %(tenant)s"
WAITS = """
SELECT extract(epoch FROM started_at - created_at)::float8 AS wait FROM tolva.jobs
WHERE tenant_id = %(tenant)s ORDER BY wait
"""
RATE = """
SELECT (count(*) / extract(epoch FROM max(finished_at) - min(started_at)))::float8 AS rate
FROM tolva.jobs WHERE tenant_id = %(tenant)s
"""
FORGET = "TRUNCATE tolva.jobs, tolva.job_events, tolva.lanes"


@dataclass(frozen=True)
class Size:
    """Numbers of jobs, the seconds that each takes, and what the few and the many may lose (factor, share)."""

    many: int
    few: int
    nap: float
    longest_wait: float
    greatest_loss: float


# The few come after seconds of absence, so their burst goes first; but they wait for slots to come free, and for what a
# process has fetched ahead. The short form leaves room for a busy machine.
SHORT = Size(many=3000, few=100, nap=0.05, longest_wait=3.0, greatest_loss=0.5)
LONG = Size(many=20_000, few=100, nap=0.1, longest_wait=2.0, greatest_loss=0.05)


def test_a_long_queue_keeps_nobody_waiting(postgres: Postgres, figures: Figures) -> None:
    check_fairness(postgres, figures, SHORT)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_very_long_queue_keeps_nobody_waiting(postgres: Postgres, figures: Figures) -> None:
    check_fairness(postgres, figures, LONG)


def check_fairness(postgres: Postgres, figures: Figures, size: Size) -> None:
    jobs = Jobs(postgres.db, PostgresEngine(postgres.db), catalogue())
    with run_crew(plan_for(postgres.dsn, [CROWD], lease=10)):
        run_alone(postgres, jobs, "warm-up", 200, size)
        idle = run_alone(postgres, jobs, FEW, size.few, size)
        _, alone = measured_many(postgres, jobs, size, few=0)
        crowded, beside = measured_many(postgres, jobs, size, few=size.few)
    wait, loss = crowded / idle, 1 - beside / alone
    figures.say(f"p95 wait of the few: {idle:.3f} s idle, {crowded:.3f} s beside {size.many} jobs: {wait:.2f} times")
    figures.say(f"the many: {alone:.0f} jobs/s alone, {beside:.0f} jobs/s beside {size.few} others: {loss:.1%} less")
    assert wait <= size.longest_wait
    assert loss <= size.greatest_loss


def run_alone(postgres: Postgres, jobs: Jobs, tenant: str, count: int, size: Size) -> float:
    """The p95 wait of so many jobs on an idle system, in seconds."""
    ask_for(jobs, tenant, count, size)
    until(lambda: postgres.one(OPEN, {"tenant": tenant}) == 0, f"the jobs of {tenant} are done", look=0.1)
    return p95_and_forget(postgres, tenant)


def measured_many(postgres: Postgres, jobs: Jobs, size: Size, few: int) -> tuple[float, float]:
    """The p95 wait of the few, who come in the middle, and the jobs per second of the many."""
    ask_for(jobs, MANY, size.many, size)
    until(lambda: postgres.one(DONE, {"tenant": MANY}) > size.many / 4, "the queue moves", look=0.1)
    ask_for(jobs, FEW, few, size)
    until(lambda: postgres.one(OPEN, {"tenant": MANY}) == 0, "the long queue is empty", 900, look=0.3)
    rate = postgres.one(RATE, {"tenant": MANY})
    return p95_and_forget(postgres, FEW), rate


def p95_and_forget(postgres: Postgres, tenant: str) -> float:
    waits = [row["wait"] for row in postgres.ask(WAITS, {"tenant": tenant})]
    postgres.ask(FORGET)
    return percentile(waits, 0.95)


def ask_for(jobs: Jobs, tenant: str, count: int, size: Size) -> None:
    wishes = iter([NewJob("nap", {"seconds": size.nap})] * count)
    while portion := list(islice(wishes, PORTION)):
        with jobs.work(tenant) as work:
            work.enqueue(*portion)
