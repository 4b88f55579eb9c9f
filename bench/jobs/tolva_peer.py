"""Tolva: the engine `postgres`, and the worker as `tolva worker` runs it, with a job of the bench's own."""

import signal
import sys
import tempfile
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg

from bench.jobs import postgres, stamps
from tolva import __version__, app
from tolva import settings as tolva
from tolva.core.job import NewJob, Queue
from tolva.core.ports import QueueSlots
from tolva.db.migrate import migrate
from tolva.db.pool import Database
from tolva.engines import make_engine
from tolva.jobs.catalogue import Catalogue, Handler, make_catalogue
from tolva.jobs.context import Context
from tolva.jobs.plan import WorkerPlan
from tolva.jobs.upkeep import Chore, standard_chores
from tolva.jobs.work import Jobs
from tolva.jobs.worker import run_worker

NAME = "tolva"
TENANT = "bench"
QUEUE = Queue("bench", slots=8)
PORTION = 1_000  # jobs of one transaction when many are enqueued
DAY = 86_400.0
METRICS = Path(tempfile.gettempdir()) / "tolva-bench-metrics"

# Finished jobs and their events as claim and finish leave them, over a month: none so young that `done` counts it.
HISTORY = """
WITH made AS (
    INSERT INTO tolva.jobs (id, tenant_id, queue, kind, priority, state, attempt, max_attempts, soft_limit, hard_limit,
      run_at, created_at, started_at, finished_at, seq, params)
    SELECT tolva.uuid_at(at), %(tenant)s, %(queue)s, 'noop', 5, 'completed',
      1, 3, 300, 600, at, at, at, at, 2, '{"sent_ns": 0}'
    FROM (SELECT now() - interval '1 day' - n * interval '0.5 s' AS at FROM generate_series(1, %(n)s) n) t
    ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO tolva.job_events (job_id, seq, tenant_id, type, data)
SELECT id, seq, %(tenant)s, 'completed', '{"attempt": 1}' FROM made, generate_series(1, 2) seq
"""


def noop(ctx: Context) -> None:
    stamps.mark(ctx.params["sent_ns"])


def catalogue() -> Catalogue:
    return make_catalogue([Handler("noop", QUEUE, noop)])


def chores(jobs: Jobs) -> list[Chore]:
    return standard_chores(jobs, [QUEUE.name], keep_finished=365 * DAY, keep_failed=365 * DAY)


@dataclass(frozen=True)
class Settings:
    processes: int = 2
    slots: int = 4


class TolvaPeer:
    """Tolva with its durable defaults: every job and outcome is committed to disk."""

    name = NAME
    version = __version__
    candidates = (Settings(1, 4), Settings(1, 8), Settings(2, 2), Settings(2, 4), Settings(2, 8), Settings(2, 16))

    def __init__(self, settings: Settings = Settings()) -> None:
        self.settings = settings
        self.copies = 1

    def prepare(self) -> None:
        postgres.create(NAME)
        migrate(postgres.own_dsn(NAME), app.migrations())
        self._db = Database(postgres.own_dsn(NAME), name="bench")
        self._engine = make_engine(tolva.load_settings(**self.given()), self._db)
        self._jobs = Jobs(self._db, self._engine, catalogue())

    def given(self) -> dict[str, str]:
        """The settings of Tolva that are not its defaults, by field."""
        return {}

    def enqueue(self, n: int) -> None:
        for first in range(0, n, PORTION):
            with self._jobs.work(TENANT) as work:
                work.enqueue(*[NewJob("noop", {"sent_ns": 0})] * min(PORTION, n - first))

    def enqueue_one(self, payload: int) -> None:
        with self._jobs.work(TENANT) as work:
            work.enqueue(NewJob("noop", {"sent_ns": payload}))

    def tidy(self) -> None:
        postgres.vacuum(NAME)

    def worker_command(self) -> list[str]:
        return [sys.executable, "-m", __name__, str(self.settings.processes), str(self.settings.slots)]

    def done(self) -> int:
        with psycopg.connect(postgres.own_dsn(NAME)) as connection:
            # By the time in the id, so that a long history is not counted again and again.
            row = connection.execute(
                """SELECT count(*) FROM tolva.jobs
                   WHERE state = 'completed' AND id > tolva.uuid_at(now() - interval '1 hour')"""
            ).fetchone()
        return row[0] if row else 0

    def store_pids(self) -> list[int]:
        return postgres.server_pids(NAME)

    def close(self) -> None:
        self._engine.close()
        self._db.close()
        postgres.drop(NAME)

    def fill_history(self, n: int) -> None:
        with psycopg.connect(postgres.own_dsn(NAME), autocommit=True) as connection:
            connection.execute(HISTORY, {"tenant": TENANT, "queue": QUEUE.name, "n": n})
            connection.execute("CHECKPOINT")  # or the disk would be busy with the history while the jobs run


def plan_of(settings: tolva.Settings, processes: int, slots: int) -> WorkerPlan:
    """A worker of the bench's jobs."""
    return WorkerPlan(
        dsn=postgres.own_dsn(NAME),
        queues=(QueueSlots(QUEUE.name, slots),),
        make_catalogue=catalogue,
        make_engine=partial(make_engine, settings),
        make_chores=chores,
        make_inboxes=list,
        processes=processes,
        lease=10,
        grace=10,
        memory_mb=2048,
        most_jobs=0,
        log_level="WARNING",
        log_format="text",
        metrics=METRICS,
    )


def main() -> None:
    """Run a worker, with the engine of the environment."""
    processes, slots = map(int, sys.argv[1:])
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=stop.set).start())
    run_worker(plan_of(tolva.load_settings(), processes, slots), stop)


if __name__ == "__main__":
    main()
