"""What is new about many jobs at once, for whoever watches them."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.rows import DictRow

from tolva.core.job import JobId
from tolva.db.pool import Connection
from tolva.jobs.sql import SQL

MOST = 200
"""Events of one job in one look; the next look brings the rest."""


@dataclass(frozen=True)
class Watched:
    """A job that somebody watches, who knows its events up to the number `after`."""

    tenant_id: str
    id: JobId
    after: int


def news(conn: Connection, watched: Sequence[Watched]) -> list[DictRow]:
    """The next events of these jobs: job_id, seq, at, type, data, is_last; job by job, in the order of `seq`.

    The only look across tenants: a job that is not of the tenant named with it has no news.
    """
    given = {
        "tenants": [each.tenant_id for each in watched],
        "jobs": [each.id for each in watched],
        "afters": [each.after for each in watched],
        "most": MOST,
    }
    return conn.execute(SQL["news"], given).fetchall()


def events_after(conn: Connection, id: JobId, after: int) -> list[DictRow]:
    """The next events of one job of the tenant: seq, at, type, data; in order."""
    return conn.execute(SQL["events_after"], {"id": id, "after": after, "most": MOST}).fetchall()
