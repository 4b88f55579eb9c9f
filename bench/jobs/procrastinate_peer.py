"""Procrastinate: psycopg and its own worker command."""

import sys
from dataclasses import dataclass
from importlib.metadata import version

import psycopg
from procrastinate import App, PsycopgConnector

from bench.jobs import postgres, stamps

NAME = "procrastinate"
POOL = 20  # above any concurrency tried, so that no job waits for a connection

app = App(connector=PsycopgConnector(conninfo=postgres.own_dsn(NAME), min_size=2, max_size=POOL))


@app.task(name="noop")
async def noop(sent_ns: int) -> None:
    stamps.mark(sent_ns)


@dataclass(frozen=True)
class Settings:
    processes: int = 2
    concurrency: int = 10
    delete_jobs: str = "never"
    log_level: str = "warning"  # at the default, info, every job writes two lines


class ProcrastinatePeer:
    """Procrastinate, with its finished jobs kept or deleted as the settings say."""

    name = NAME
    version = version("procrastinate")
    candidates = (
        Settings(1, 10),
        Settings(2, 1),
        Settings(2, 5),
        Settings(2, 10),
        Settings(2, 20),
        Settings(4, 10),
        Settings(2, 10, delete_jobs="successful"),
        Settings(2, 10, log_level="info"),
    )

    def __init__(self, settings: Settings = Settings()) -> None:
        self.settings = settings
        self.copies = settings.processes

    def prepare(self) -> None:
        postgres.create(NAME)
        app.open()
        app.schema_manager.apply_schema()

    def enqueue(self, n: int) -> None:
        noop.batch_defer(*[{"sent_ns": 0}] * n)

    def enqueue_one(self, payload: int) -> None:
        noop.defer(sent_ns=payload)

    def tidy(self) -> None:
        postgres.vacuum(NAME)

    def worker_command(self) -> list[str]:
        s = self.settings
        command = [
            sys.executable,
            "-m",
            "procrastinate",
            f"--app={__name__}.app",
            f"--log-level={s.log_level}",
        ]
        return [*command, "worker", f"--concurrency={s.concurrency}", f"--delete-jobs={s.delete_jobs}"]

    def done(self) -> int:
        # Asked of the sequence and the queue, since a worker told to delete leaves no finished rows.
        query = """
            SELECT last_value
                 - (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))
              FROM procrastinate_jobs_id_seq WHERE is_called
            """
        with psycopg.connect(postgres.own_dsn(NAME)) as connection:
            row = connection.execute(query).fetchone()
        return row[0] if row else 0

    def store_pids(self) -> list[int]:
        return postgres.server_pids(NAME)

    def close(self) -> None:
        app.close()
        postgres.drop(NAME)
