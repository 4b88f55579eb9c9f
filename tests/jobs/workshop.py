"""A workshop for tests of jobs: make jobs, take them, end them, and look at them from above."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg
from psycopg.rows import DictRow

from tolva.core.job import Claimed, JobId, Json, NewJob, Outcome, Queue, Verb
from tolva.core.ports import QueueSlots, RunNext, ServingEngine
from tolva.db.pool import Database
from tolva.errors import TolvaError
from tolva.jobs import upkeep
from tolva.jobs.attempt import Attempt, Attempts
from tolva.jobs.catalogue import Catalogue, Handler, Run
from tolva.jobs.clock import JumpingClock
from tolva.jobs.context import Context
from tolva.jobs.dispatcher import Dispatcher
from tolva.jobs.endings import Ending, end_attempts
from tolva.jobs.meter import JobMeter
from tolva.jobs.payload import encode
from tolva.jobs.rings import send_rings
from tolva.jobs.runner import Runner
from tolva.jobs.sql import SQL
from tolva.jobs.store import new_job_id
from tolva.jobs.work import Jobs

WORK = Queue("work", slots=2, soft_limit=60, hard_limit=120, max_attempts=3)
ERROR = {"type": "Broken", "message": "it broke"}
QUESTION = {"type": "Unanswered", "message": "which column is it?"}


@dataclass(frozen=True)
class Site:
    """A database for tests, and a superuser's connection to it."""

    admin_dsn: str
    dsn: str
    admin: psycopg.Connection[DictRow]


@dataclass
class Notepad:
    """An engine that only writes down who was rung for."""

    rung: list[str] = field(default_factory=list)

    def ring(self, queue: str, hints: Sequence[JobId]) -> None:
        self.rung.append(queue)

    def serve(self, queues: Sequence[QueueSlots], run_next: RunNext) -> None: ...

    def stop(self) -> None: ...

    def depth(self, queue: str) -> int | None:
        return None

    def deaf(self) -> str | None:
        return None

    def announce(self) -> None: ...

    def close(self) -> None: ...


class Workshop:
    """A database with one worker, whose jobs a test moves by hand or with a runner."""

    def __init__(self, db: Database, admin: psycopg.Connection[DictRow]) -> None:
        self.db = db
        self.admin = admin
        self.engine: ServingEngine = Notepad()
        self.handlers: dict[str, Handler] = {}
        self.catalogue = Catalogue(self.handlers)
        self.on(lambda ctx: None)
        self.on(lambda ctx: None, "other")
        self.worker = self.join()
        self.attempts = Attempts()
        self.dispatchers: list[Dispatcher] = []

    def __enter__(self) -> "Workshop":
        return self

    def __exit__(self, *_: Any) -> None:
        for dispatcher in self.dispatchers:
            with suppress(TolvaError):
                dispatcher.close()

    @property
    def jobs(self) -> Jobs:
        return Jobs(self.db, self.engine, self.catalogue)

    def on(self, run: Run, kind: str = "work", queue: Queue = WORK) -> None:
        """From now on jobs of that kind are done so."""
        self.handlers[kind] = Handler(kind, queue, run, on_schedule=True)

    def open(self, *queues: str) -> None:
        with self.db.connection() as conn:
            conn.execute(SQL["open_queues"], {"names": list(queues)})

    def join(self, *, lease: float = 600.0, queues: Sequence[str] = ("work",)) -> str:
        """A worker process with a lease."""
        self.open(*queues)
        id = new_job_id()
        with self.db.connection() as conn:
            given = {"id": id, "host": "here", "pid": 1, "queues": list(queues), "lease": lease, "crew": None}
            conn.execute(SQL["join_worker"], given)
        return id

    def put(self, kind: str = "work", *, tenant: str = "a", **given: Any) -> JobId:
        with self.jobs.work(tenant) as work:
            (made,) = work.enqueue(NewJob(kind, **given))
        return made.id

    def put_many(self, number: int, kind: str = "work", *, tenant: str = "a", **given: Any) -> list[JobId]:
        with self.jobs.work(tenant) as work:
            return [made.id for made in work.enqueue(*[NewJob(kind, **given)] * number)]

    def claim(self, most: int = 1, *, queue: str = "work", worker: str | None = None) -> list[Claimed]:
        with self.db.connection() as conn:
            given = {"worker": worker or self.worker, "queue": queue, "most": most}
            rows = conn.execute(SQL["claim"], given).fetchall()
        return [Claimed(**row) for row in rows]

    def take(self, **given: Any) -> Claimed:
        """Claim the one best job."""
        (job,) = self.claim(**given)
        return job

    def end(
        self, job: Claimed, verb: Verb, payload: Json | None = None, delay: float = 0.0, progress: Json | None = None
    ) -> list[DictRow]:
        """End an attempt; answers with what moved."""
        return self.end_all(
            [Ending(job, Outcome(verb, encode(payload) if payload is not None else None, delay), progress)]
        )

    def end_all(self, endings: Sequence[Ending]) -> list[DictRow]:
        with self.db.connection() as conn:
            return end_attempts(conn, endings)

    def context(self, job: Claimed) -> Context:
        """What a handler of this attempt would get."""
        return Context(Attempt(job), self.db, self.catalogue.queue_of, self.engine)

    def spawn(self, job: Claimed, number: int = 1, **given: Any) -> list[JobId]:
        ctx = self.context(job)
        with ctx.transaction():
            return ctx.spawn(*[NewJob(given.pop("kind", "work"), **given)] * number)

    def runner(self, *, worker: str | None = None) -> Runner:
        self.dispatchers.append(Dispatcher(self.db, worker or self.worker, partial(send_rings, self.engine)))
        return Runner(self.db, self.catalogue, self.engine, self.dispatchers[-1], self.attempts, JobMeter())

    def run(self, queue: str = "work") -> int:
        """Run what is ready until nothing is; answers how many attempts there were."""
        runner, before = self.runner(), self._attempts_begun()
        while runner.run_next(queue):
            pass
        return self._attempts_begun() - before

    def _attempts_begun(self) -> int:
        row = self.admin.execute("SELECT count(*) AS begun FROM tolva.job_events WHERE type = 'started'").fetchone()
        assert row is not None
        return row["begun"]

    def lose(self, worker: str | None = None) -> None:
        """The worker's lease runs out, and upkeep notices."""
        self.admin.execute(
            "UPDATE tolva.workers SET lease = '1ms', lease_until = now() - interval '1 s' WHERE id = %s",
            (worker or self.worker,),
        )
        assert self.rescue()

    def rescue(self) -> bool:
        """What upkeep does that has looked at the clock before."""
        rescue = upkeep.Rescue(self.db, self.engine, JumpingClock())
        assert not rescue.look()
        return rescue.look()

    def row(self, id: JobId) -> DictRow:
        row = self.admin.execute("SELECT * FROM tolva.jobs WHERE id = %s", (id,)).fetchone()
        assert row is not None
        return row

    def state(self, id: JobId) -> str:
        return self.row(id)["state"]

    def states(self, ids: Sequence[JobId]) -> list[str]:
        return [self.state(id) for id in ids]

    def events(self, id: JobId) -> list[str]:
        rows = self.admin.execute("SELECT type FROM tolva.job_events WHERE job_id = %s ORDER BY seq", (id,))
        return [row["type"] for row in rows]

    def letters(self, id: JobId) -> list[DictRow]:
        return self.admin.execute("SELECT * FROM tolva.dead_letters WHERE job_id = %s ORDER BY id", (id,)).fetchall()

    def due_now(self) -> None:
        """Let every wait be over."""
        self.admin.execute("UPDATE tolva.jobs SET run_at = now() WHERE state = 'queued'")


def until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """What the condition answers as soon as it holds; fails after that many seconds."""
    give_up = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < give_up, f"waited {seconds} s in vain"
        time.sleep(0.01)
    return found


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Call all at the same moment, each in a thread of its own; their answers in order."""
    start = threading.Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(60) for future in [pool.submit(one, call) for call in calls]]
