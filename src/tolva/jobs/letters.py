"""Dead letters: the jobs that failed for good and were not replayed, page by page.

Every function runs in the caller's transaction, under its tenant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from tolva.core.job import JobId
from tolva.db.pool import Connection
from tolva.errors import NotFound
from tolva.jobs.searched import searched
from tolva.jobs.sql import SQL


@dataclass(frozen=True)
class LetterFilter:
    """Which letters. What is empty or None asks for anything; `search` is as in `JobFilter`."""

    queues: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    search: str | None = None


@dataclass(frozen=True)
class LetterPlace:
    """Where a page of letters ended: time and id of its last one."""

    failed_at: datetime
    id: int


def dead_letters(
    conn: Connection, tenant_id: str, wanted: LetterFilter, *, before: LetterPlace | None = None, most: int = 50
) -> list[DictRow]:
    """Failed jobs with the number of their tries, and type and message of the last error; newest first."""
    return conn.execute(SQL["dead_letters"], _given(conn, tenant_id, wanted, before, most)).fetchall()


def dead_jobs(
    conn: Connection, tenant_id: str, wanted: LetterFilter, *, before: LetterPlace | None = None, most: int
) -> list[tuple[JobId, LetterPlace]]:
    """The jobs of these letters with their places, for a replay; what was replayed has no letter any more."""
    rows = conn.execute(SQL["find_letters"], _given(conn, tenant_id, wanted, before, most)).fetchall()
    return [(JobId(row["job_id"]), LetterPlace(row["failed_at"], row["id"])) for row in rows]


def get_letter(conn: Connection, id: JobId) -> DictRow:
    """The newest letter of a job, also if it was replayed: with parameters and attempts. Raises NotFound."""
    row = conn.execute(SQL["get_letter"], {"job_id": id}).fetchone()
    if row is None:
        raise NotFound(f"There is no dead letter of a job {id}.")
    return row


def with_letter(conn: Connection, ids: Sequence[JobId]) -> list[JobId]:
    """Those of these jobs that have a letter."""
    rows = conn.execute(SQL["letters_of"], {"job_ids": list(ids)}).fetchall()
    return [JobId(str(row["job_id"])) for row in rows]


def _given(
    conn: Connection, tenant_id: str, wanted: LetterFilter, before: LetterPlace | None, most: int
) -> dict[str, Any]:
    return {
        "queues": list(wanted.queues) or None,
        "kinds": list(wanted.kinds) or None,
        "failed_before": before.failed_at if before else None,
        "before": before.id if before else None,
        "most": most,
        **searched(conn, tenant_id, wanted.search),
    }
