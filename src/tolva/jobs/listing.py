"""Lists of jobs: those that match a filter, page by page, and how many they are.

What a page costs is bounded, however many jobs there are and however few of them match; how, is told in
migrations/0003_lists.sql. Every function runs in the caller's transaction, under its tenant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from tolva.core.job import JobId, State
from tolva.db.pool import Connection
from tolva.errors import InvalidInput
from tolva.jobs.counted import Counted, counted
from tolva.jobs.searched import searched
from tolva.jobs.sql import SQL

MOST_COUNTED = 10_000
"""Jobs that are counted one by one."""
MOST_FOUND = 1_000
"""The same for a search, which looks at the words of each."""


@dataclass(frozen=True)
class JobFilter:
    """Which jobs. What is empty or None asks for anything.

    `search` is an id or the beginning of one, or words of the label: each must begin a word of it, in any order, case
    and accents aside. `open_question`: those alone that left one open which nobody has answered.
    """

    states: tuple[State, ...] = ()
    queues: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    created_from: datetime | None = None
    created_before: datetime | None = None
    search: str | None = None
    parent: JobId | None = None
    ended_since: datetime | None = None
    open_question: bool = False

    def __post_init__(self) -> None:
        for moment in (self.created_from, self.created_before, self.ended_since):
            if moment is not None and moment.tzinfo is None:
                raise InvalidInput("A time to list jobs from or until needs a time zone.")


@dataclass(frozen=True)
class JobPage:
    """Jobs, newest first. `following` is the `before` of the next page, None at the end.

    With a search, a time of ending, a parent or open questions, a page can be short, or empty, and yet be followed: so
    far it looked.
    """

    jobs: list[DictRow]
    following: JobId | None


@dataclass(frozen=True)
class Failures:
    """How many jobs failed; of those counted, `asked` left a question open, and `open` still wait for its answer."""

    all: Counted
    asked: int
    open: int

    @property
    def broken(self) -> Counted:
        """Those that asked nothing; all of them where they are too many to tell."""
        return self.all.without(self.asked)


def list_jobs(
    conn: Connection, tenant_id: str, wanted: JobFilter, *, before: JobId | None = None, most: int = 50
) -> JobPage:
    """A page of jobs; `before` is the `following` of the page before.

    With what a list shows: not params and checkpoint, of progress and result numbers, truths and short texts, of an
    error type and message.
    """
    ids, reached = _found(conn, _given(conn, tenant_id, wanted, before, most + 1))
    rows = conn.execute(SQL["list_jobs"], {"ids": ids[:most]}).fetchall()
    return JobPage(rows, ids[most - 1] if len(ids) > most else reached)


def matching_ids(
    conn: Connection, tenant_id: str, wanted: JobFilter, *, before: JobId | None = None, most: int
) -> list[JobId]:
    """The ids of jobs, newest first: all of them, or `most`, however many portions it takes to find them."""
    given = _given(conn, tenant_id, wanted, before, most)
    found, reached = _found(conn, given)
    while reached and len(found) < most:
        more, reached = _found(conn, given | {"before": reached, "walk": True, "most": most - len(found)})
        found += more
    return found


def jobs_among(conn: Connection, ids: Sequence[JobId], states: Sequence[State] = tuple(State)) -> list[DictRow]:
    """Those of these jobs that are in one of these states, newest first: id, kind, label and state of each."""
    return conn.execute(SQL["jobs_among"], {"ids": list(ids), "states": list(states)}).fetchall()


def asking_among(conn: Connection, ids: Sequence[JobId]) -> set[JobId]:
    """Those of these jobs that left a question open: only an answer helps them, which is a job of its own."""
    return {JobId(row["id"]) for row in conn.execute(SQL["asking_among"], {"ids": list(ids)}).fetchall()}


def count_matching(conn: Connection, tenant_id: str, wanted: JobFilter) -> Counted:
    """How many jobs match, counted up to MOST_COUNTED, or MOST_FOUND where there is a search."""
    if (wanted.search or "").strip():
        return counted(len(matching_ids(conn, tenant_id, wanted, most=MOST_FOUND + 1)), MOST_FOUND)
    if wanted.parent or wanted.ended_since or wanted.open_question:
        return counted(len(matching_ids(conn, tenant_id, wanted, most=MOST_COUNTED + 1)), MOST_COUNTED)
    row = conn.execute(SQL["count_lines"], _given(conn, tenant_id, wanted, None, MOST_COUNTED + 1)).fetchone()
    assert row is not None, "a function's value is a row"
    return counted(row["jobs"], MOST_COUNTED)


def count_failures(conn: Connection, tenant_id: str, wanted: JobFilter) -> Failures:
    """How many failed jobs match, and what they are to people; counted up to MOST_COUNTED."""
    ids = matching_ids(conn, tenant_id, wanted, most=MOST_COUNTED + 1)
    row = conn.execute(SQL["questions_among"], {"ids": ids[:MOST_COUNTED]}).fetchone()
    assert row is not None, "a count is a row"
    return Failures(counted(len(ids), MOST_COUNTED), row["asked"], row["open"])


def _found(conn: Connection, given: dict[str, Any]) -> tuple[list[JobId], JobId | None]:
    """Ids, and where looking for them stopped, unless at the end."""
    row = conn.execute(SQL["find_jobs"], given).fetchone()
    assert row is not None, "a function's value is a row"
    return row["ids"], row["reached"]


def _given(conn: Connection, tenant_id: str, wanted: JobFilter, before: JobId | None, most: int) -> dict[str, Any]:
    return {
        "states": list(wanted.states) or None,
        "queues": list(wanted.queues) or None,
        "kinds": list(wanted.kinds) or None,
        "parent": wanted.parent,
        "created_from": wanted.created_from,
        "created_before": wanted.created_before,
        "ended_since": wanted.ended_since,
        "before": before,
        "open_question": wanted.open_question,
        "walk": False,
        "most": most,
        **searched(conn, tenant_id, wanted.search),
    }
