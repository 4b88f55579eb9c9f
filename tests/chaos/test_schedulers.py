"""Three schedulers are killed while they make up for thousands of missed ticks: none is missed, none comes twice."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.chaos.crew import Crew, plan_for, run_crew
from tests.chaos.figures import Figures
from tests.chaos.hand import Hand
from tests.chaos.handlers import QUICK, catalogue
from tests.chaos.postgres import Postgres
from tests.chaos.waiting import until
from tolva.core.job import NewJob
from tolva.engines.postgres import PostgresEngine
from tolva.jobs.schedule import Schedule, put_schedule
from tolva.jobs.work import Jobs

TENANT = "norte"
LEASE = 3.0
EVERY = {"* * * * *": 1, "*/2 * * * *": 2, "*/5 * * * *": 5, "*/30 * * * *": 30}
"""Cron expressions, and their minutes."""
BEHIND = "SELECT count(*) FROM tolva.schedules WHERE next_at <= now()"
FIRED = "SELECT count(*) FROM tolva.jobs"


def test_each_tick_comes_once_whichever_scheduler_dies(
    postgres: Postgres, rng: random.Random, figures: Figures
) -> None:
    check_ticks(postgres, rng, figures, hours=5, least_kills=3)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_each_of_many_ticks_comes_once_whichever_scheduler_dies(
    postgres: Postgres, rng: random.Random, figures: Figures
) -> None:
    check_ticks(postgres, rng, figures, hours=48, least_kills=30)


def check_ticks(postgres: Postgres, rng: random.Random, figures: Figures, hours: int, least_kills: int) -> None:
    first = put_schedules(postgres, hours)
    begun = time.monotonic()
    # The ticks' own queue has no worker: the schedulers shall do nothing else.
    with run_crew(plan_for(postgres.dsn, [QUICK], LEASE, processes=1), supervisors=3) as crew:
        kills = kill_while_behind(postgres, crew, Hand(rng, LEASE, crew.keep_up))
    figures.say(f"{postgres.one(FIRED)} ticks, {kills} kills, {time.monotonic() - begun:.1f} s")
    for name in EVERY:
        assert_every_tick_once(postgres, name, first)
    assert kills >= least_kills, "the ticks were made too quickly to test anything"


def put_schedules(postgres: Postgres, hours: int) -> datetime:
    """Schedules that have missed every tick of so many hours; returns the first tick of all of them."""
    first = (datetime.now(UTC) - timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
    jobs = Jobs(postgres.db, PostgresEngine(postgres.db), catalogue())
    with jobs.work(TENANT) as work:
        for cron in EVERY:
            put_schedule(work.conn, jobs.catalogue, TENANT, Schedule(cron, cron, "UTC", NewJob("tick")))
    postgres.ask("UPDATE tolva.schedules SET next_at = %(first)s", {"first": first})
    return first


def kill_while_behind(postgres: Postgres, crew: Crew, hand: Hand) -> int:
    """Kill a scheduler that has begun to fire, again and again until all ticks are made."""
    kills = 0
    while postgres.one(BEHIND):
        fired = postgres.one(FIRED)
        until(lambda fired=fired: postgres.one(FIRED) > fired or not postgres.one(BEHIND), "ticks are made", look=0.02)
        time.sleep(hand.rng.uniform(0, 0.3))
        hand.kill("scheduler", lambda: crew.supervisors)
        kills += 1
    return kills


def assert_every_tick_once(postgres: Postgres, name: str, first: datetime) -> None:
    [schedule] = postgres.ask("SELECT last_at, next_at FROM tolva.schedules WHERE name = %(name)s", {"name": name})
    query = (
        "SELECT params->>'scheduled_for' AS tick, run_at FROM tolva.jobs WHERE unique_key LIKE %(key)s ORDER BY run_at"
    )
    fired = postgres.ask(query, {"key": f"schedule {name} %"})
    step = timedelta(minutes=EVERY[name])
    wanted = [first + n * step for n in range((schedule["last_at"] - first) // step + 1)]
    assert [datetime.fromisoformat(row["tick"]) for row in fired] == wanted
    assert [row["run_at"] for row in fired] == wanted
    assert schedule["next_at"] == wanted[-1] + step
