"""Celery on Redis, without a result backend."""

import sys
from dataclasses import dataclass
from importlib.metadata import version
from uuid import uuid4

from celery import Celery

from bench.jobs import redis_store, stamps

app = Celery("bench", broker=redis_store.URL)
app.conf.task_ignore_result = True


@app.task(name="noop")
def noop(sent_ns: int) -> None:
    stamps.mark(sent_ns)


@app.task(name="noop_late", acks_late=True)
def noop_late(sent_ns: int) -> None:
    stamps.mark(sent_ns)


@dataclass(frozen=True)
class Settings:
    workers: int = 2
    pool: str = "solo"
    concurrency: int = 1
    prefetch_multiplier: int = 64
    acks_late: bool = True


class CeleryPeer:
    """Celery; with acks_late a job survives its worker, as it does in the systems on PostgreSQL."""

    name = "celery"
    version = version("celery")
    candidates = (
        Settings(1, "prefork", 2, 64),
        Settings(1, "prefork", 2, 64, acks_late=False),
        Settings(2, "solo", 1, 64),
        Settings(2, "threads", 1, 64),
        Settings(2, "threads", 2, 64),
        Settings(2, "threads", 8, 64),
        Settings(2, "threads", 2, 64, acks_late=False),
        Settings(1, "prefork", 4, 64),
    )

    def __init__(self, settings: Settings = Settings()) -> None:
        self.settings = settings
        self.copies = settings.workers
        self._task = noop_late if settings.acks_late else noop
        self._sent = 0

    def prepare(self) -> None:
        redis_store.claim()
        self._producer = app.producer_pool.acquire(block=True)

    def enqueue(self, n: int) -> None:
        for _ in range(n):
            self.enqueue_one(0)

    def enqueue_one(self, payload: int) -> None:
        # A producer of one's own spares each send the trip to the pool.
        self._task.apply_async((payload,), producer=self._producer)
        self._sent += 1

    def tidy(self) -> None:
        pass  # Redis has no upkeep to wait for

    def worker_command(self) -> list[str]:
        s = self.settings
        command = [sys.executable, "-m", "celery", f"--app={__name__}", "worker", f"--hostname={uuid4().hex}"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        pool = [f"--pool={s.pool}", f"--concurrency={s.concurrency}"]
        return [*command, *quiet, *pool, f"--prefetch-multiplier={s.prefetch_multiplier}"]

    def done(self) -> int:
        redis = redis_store.client()
        return self._sent - redis.llen("celery") - redis.hlen("unacked")

    def store_pids(self) -> list[int]:
        return redis_store.server_pids()

    def close(self) -> None:
        self._producer.release()
        redis_store.release()


class PreforkCelery(CeleryPeer):
    """Celery as it is by default: processes that get their jobs from a parent."""

    name = "celery prefork"
    candidates = (Settings(1, "prefork", 2, 64),)

    def __init__(self, settings: Settings = candidates[0]) -> None:
        super().__init__(settings)
