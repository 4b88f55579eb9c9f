"""Following a job: its state now, then every event after a sequence number, as they come."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from psycopg.rows import DictRow

from tolva.core.job import FINISHED, JobId
from tolva.db.pool import Database
from tolva.jobs import store
from tolva.jobs.sql import SQL

LOOK = 0.2
"""Seconds between two looks for news."""
MOST_EVENTS = 1000
"""Events fetched in one look."""


@dataclass(frozen=True)
class News:
    """A job as it stood at one moment, and the events since the moment before."""

    job: DictRow
    events: list[DictRow]

    @property
    def is_last(self) -> bool:
        """Whether the job has ended and every event was told."""
        return self.job["state"] in FINISHED and self.seq >= self.job["seq"]

    @property
    def seq(self) -> int:
        """The last sequence number told: where a reader who comes back goes on."""
        return self.events[-1]["seq"] if self.events else self.job["seq"]


def follow(db: Database, tenant_id: str, id: JobId, after: int | None = None) -> Iterator[News]:
    """The job now, then news until it has ended. `after` is where a reader left off; None begins with the present.

    Raises NotFound, DatabaseUnavailable; a reader may come back with the last `seq` and misses nothing.
    """
    first = True
    while True:
        news = _look(db, tenant_id, id, after)
        if first or news.events or news.is_last:
            yield news
        if news.is_last:
            return
        first, after = False, news.seq
        if len(news.events) < MOST_EVENTS:
            time.sleep(LOOK)


def _look(db: Database, tenant_id: str, id: JobId, after: int | None) -> News:
    with db.transaction(tenant_id) as conn:
        # The job first: an event that lands between the two reads is then told, not skipped.
        job = store.get_job(conn, id)
        given = {"id": id, "after": job["seq"] if after is None else after, "most": MOST_EVENTS}
        return News(job, conn.execute(SQL["events_after"], given).fetchall())
