"""A server that refuses long waits for locks: what was refused is asked again, and no slot is lost over it."""

import psycopg

from tests.chaos.crew import plan_for, run_crew
from tests.chaos.handlers import QUICK, catalogue
from tests.chaos.postgres import Postgres
from tests.chaos.waiting import until
from tolva.core.job import NewJob
from tolva.engines.postgres import PostgresEngine
from tolva.jobs.work import Jobs

DONE = "SELECT count(*) FROM tolva.jobs WHERE state = 'completed'"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def test_no_slot_is_lost_to_a_lock_that_is_not_had_in_time(postgres: Postgres) -> None:
    postgres.ask("ALTER ROLE tolva SET lock_timeout = '200ms'")
    jobs = Jobs(postgres.db, PostgresEngine(postgres.db), catalogue())
    with run_crew(plan_for(postgres.dsn, [QUICK], lease=3, processes=1)):
        ask_for(jobs, 1)
        until(lambda: postgres.one(DONE) == 1, "the worker works")
        with psycopg.connect(postgres.admin_dsn) as conn:
            conn.execute("SELECT FROM tolva.queues FOR UPDATE")
            ask_for(jobs, 50)
            for _ in range(QUICK.slots + 2):  # more claims are refused than there are slots
                until(lambda: postgres.one(WAITING) > 0, "a claim waits for the lock", look=0.01)
                until(lambda: postgres.one(WAITING) == 0, "the claim is refused", look=0.01)
        until(lambda: postgres.one(DONE) == 51, "the jobs are done", 20)


def ask_for(jobs: Jobs, count: int) -> None:
    with jobs.work("norte") as work:
        work.enqueue(*[NewJob("short")] * count)
