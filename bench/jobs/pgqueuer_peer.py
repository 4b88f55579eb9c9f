"""PGQueuer: asyncpg and uvloop, as its guides to deployment and to tuning advise."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

import asyncpg
import pgqueuer
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from bench.jobs import postgres, stamps

NAME = "pgqueuer"


@asynccontextmanager
async def worker() -> AsyncIterator[PgQueuer]:
    """What `pgq run` runs."""
    connection = await asyncpg.connect(postgres.own_dsn(NAME))
    queuer = PgQueuer(AsyncpgDriver(connection))

    @queuer.entrypoint("noop")
    async def noop(job: Job) -> None:
        stamps.mark(int(job.payload))

    yield queuer


@dataclass(frozen=True)
class Settings:
    processes: int = 2
    batch_size: int = 500


class PgqueuerPeer:
    """PGQueuer with `pgq autovac` applied; its documents call durability `durable` the one for production."""

    name = NAME
    version = version("pgqueuer")
    candidates = (
        Settings(1, 10),
        Settings(1, 100),
        Settings(2, 10),
        Settings(2, 50),
        Settings(2, 100),
        Settings(2, 500),
        Settings(2, 1000),
        Settings(4, 100),
    )

    def __init__(self, settings: Settings = Settings()) -> None:
        self.settings = settings
        self.copies = settings.processes
        self._loop = asyncio.Runner()

    def prepare(self) -> None:
        postgres.create(NAME)
        self._connection = self._loop.run(asyncpg.connect(postgres.own_dsn(NAME)))
        self._queries = Queries(AsyncpgDriver(self._connection))
        self._loop.run(self._queries.install())
        self._loop.run(self._queries.optimize_autovacuum())

    def enqueue(self, n: int) -> None:
        self._loop.run(self._queries.enqueue(["noop"] * n, [b"0"] * n, [0] * n))

    def enqueue_one(self, payload: int) -> None:
        self._loop.run(self._queries.enqueue("noop", str(payload).encode()))

    def tidy(self) -> None:
        postgres.vacuum(NAME)

    def worker_command(self) -> list[str]:
        return [sys.executable, "-m", __name__, str(self.settings.batch_size)]

    def done(self) -> int:
        query = "SELECT count(*) FROM pgqueuer_log WHERE status = 'successful'"
        return self._loop.run(self._connection.fetchval(query))

    def store_pids(self) -> list[int]:
        return postgres.server_pids(NAME)

    def close(self) -> None:
        self._loop.run(self._connection.close())
        self._loop.close()
        postgres.drop(NAME)


if __name__ == "__main__":
    # What `pgq run` does, by the documented call: that command fails to parse its log level with typer 0.29.
    uvloop.run(pgqueuer.run(worker, batch_size=int(sys.argv[1]), shutdown_on_listener_failure=True))
