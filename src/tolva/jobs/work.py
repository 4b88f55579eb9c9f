"""The unit of work of whoever makes and steers jobs: a transaction of one tenant, and the rings that follow it."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from tolva.core.job import JobId, NewJob, State
from tolva.core.ports import Engine
from tolva.db.pool import Connection, Database
from tolva.jobs import store
from tolva.jobs.catalogue import Catalogue
from tolva.jobs.rings import Ring, send_rings
from tolva.jobs.sql import SQL
from tolva.jobs.store import Enqueued
from tolva.logs import log_also


@dataclass
class Work:
    """An open transaction. What it makes ready is rung for after the commit."""

    conn: Connection
    tenant_id: str
    catalogue: Catalogue
    rings: list[Ring] = field(default_factory=list[Ring])

    def enqueue(self, *jobs: NewJob) -> list[Enqueued]:
        """Make jobs; see `store.enqueue`. The log tells of one that a request made, rather than the one it names."""
        made, rings = store.enqueue(self.conn, self.catalogue.queue_of, self.tenant_id, jobs)
        self.rings += rings
        if len(made) == 1:
            log_also(job=made[0].id)
        return made

    def cancel(self, id: JobId) -> State:
        """Ask a job to stop; see `store.cancel`."""
        state, rings = store.cancel(self.conn, id)
        self.rings += rings
        return state

    def cancel_many(self, ids: Sequence[JobId]) -> list[JobId]:
        """Ask those of these jobs that have not ended to stop; see `store.cancel_many`."""
        told, rings = store.cancel_many(self.conn, ids)
        self.rings += rings
        return told

    def retry(self, id: JobId) -> None:
        """Queue an ended job again; see `store.retry`."""
        self.rings += store.retry(self.conn, id)

    def replay(self, ids: Sequence[JobId], run_at: datetime | None = None) -> list[JobId]:
        """Queue those of these jobs that failed or were cancelled; see `store.replay`."""
        again, rings = store.replay(self.conn, ids, run_at)
        self.rings += rings
        return again


@dataclass(frozen=True)
class Jobs:
    """The job core as pages and commands see it."""

    db: Database
    engine: Engine
    catalogue: Catalogue

    def needs_worker(self, queue: str) -> bool:
        """Whether nobody is there to run the jobs of this queue. Raises DatabaseUnavailable."""
        with self.db.connection() as conn:
            return conn.execute(SQL["living_worker"], {"queue": queue}).fetchone() is None

    @contextmanager
    def work(self, tenant_id: str) -> Generator[Work]:
        """A transaction under a tenant. Raises what `Database.transaction` raises."""
        with self.db.transaction(tenant_id) as conn:
            work = Work(conn, tenant_id, self.catalogue)
            yield work
        send_rings(self.engine, work.rings)
