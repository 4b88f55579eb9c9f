"""Dead letters: the jobs that failed for good, page by page; open until they are replayed or dismissed.

Every function runs in the caller's transaction, under its tenant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from tolva.core.job import JobId
from tolva.db.pool import Connection
from tolva.errors import Conflict, NotFound
from tolva.jobs.searched import searched
from tolva.jobs.sql import SQL


@dataclass(frozen=True)
class LetterFilter:
    """Which letters. What is empty or None asks for anything; `search` is as in `JobFilter`."""

    queues: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    search: str | None = None


@dataclass(frozen=True, order=True)
class LetterPlace:
    """Where a page of letters ended: time and id of its last one. A newer letter's is the greater one."""

    failed_at: datetime
    id: int


@dataclass(frozen=True)
class LetterPage:
    """Letters, newest first. `following` is as in `JobPage`."""

    letters: list[DictRow]
    following: LetterPlace | None


def dead_letters(
    conn: Connection, tenant_id: str, wanted: LetterFilter, *, before: LetterPlace | None = None, most: int = 50
) -> LetterPage:
    """A page of failed jobs with the number of their tries, and type, message and detail of the last error."""
    found = _found(conn, _given(conn, tenant_id, wanted, before, most + 1))
    rows = conn.execute(SQL["dead_letters"], {"ids": found["ids"][:most]}).fetchall()
    if rows and len(found["ids"]) > most:
        return LetterPage(rows, LetterPlace(rows[-1]["failed_at"], rows[-1]["id"]))
    return LetterPage(rows, _reached(found))


def dead_jobs(
    conn: Connection, tenant_id: str, wanted: LetterFilter, *, before: LetterPlace | None = None, most: int
) -> list[tuple[JobId, LetterPlace]]:
    """The jobs of these letters with their places, to be replayed or dismissed: all of them, or `most`.

    What was has no open letter any more, and is not found again.
    """
    met: list[tuple[JobId, LetterPlace]] = []
    while True:
        found = _found(conn, _given(conn, tenant_id, wanted, before, most - len(met)))
        places = map(LetterPlace, found["times"], found["ids"])
        met += zip(map(JobId, found["jobs"]), places, strict=True)
        before = _reached(found)
        if before is None or len(met) >= most:
            return met


def _found(conn: Connection, given: dict[str, Any]) -> DictRow:
    row = conn.execute(SQL["find_letters"], given).fetchone()
    assert row is not None, "a function's value is a row"
    return row


def _reached(found: DictRow) -> LetterPlace | None:
    return LetterPlace(found["reached_at"], found["reached"]) if found["reached"] else None


def get_letter(conn: Connection, id: JobId) -> DictRow:
    """The newest letter of a job, open or not: with parameters and attempts. Raises NotFound."""
    row = conn.execute(SQL["get_letter"], {"job_id": id}).fetchone()
    if row is None:
        raise NotFound(f"There is no dead letter of a job {id}.")
    return row


def require_open(letter: DictRow) -> None:
    """Raises Conflict for a letter that somebody has dealt with already."""
    job = letter["job_id"]
    if letter["replayed_at"]:
        raise Conflict(f"The dead letter of job {job} was replayed already; look at the job.")
    if letter["dismissed_at"]:
        raise Conflict(
            f"The dead letter of job {job} was dismissed by '{letter['dismissed_by']}'. Retry the job to run it again."
        )


def hold_open(conn: Connection, id: JobId) -> None:
    """Keep others from the open letter of a job until the transaction ends. Raises NotFound; Conflict for none open."""
    conn.execute(SQL["hold_jobs"], {"ids": [id]})
    require_open(get_letter(conn, id))


def held_open(conn: Connection, ids: Sequence[JobId]) -> list[JobId]:
    """Those of these jobs that have an open letter, which others are kept from until the transaction ends."""
    conn.execute(SQL["hold_jobs"], {"ids": list(ids)})
    return with_letter(conn, ids)


def with_letter(conn: Connection, ids: Sequence[JobId]) -> list[JobId]:
    """Those of these jobs that have an open letter."""
    return [id for id, _ in open_letters(conn, ids)]


def open_letters(conn: Connection, ids: Sequence[JobId]) -> list[tuple[JobId, LetterPlace]]:
    """The same with the places of the letters, newest first."""
    rows = conn.execute(SQL["letters_of"], {"job_ids": list(ids)}).fetchall()
    return [(JobId(row["job_id"]), LetterPlace(row["failed_at"], row["id"])) for row in rows]


def dismiss(conn: Connection, ids: Sequence[JobId], by: str) -> list[JobId]:
    """Close the open letters of these jobs, which stay failed; `by` is noted with each. Returns those that had one."""
    rows = conn.execute(SQL["dismiss_letters"], {"job_ids": list(ids), "by": by}).fetchall()
    return [JobId(row["id"]) for row in rows]


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
