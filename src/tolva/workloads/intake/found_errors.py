"""The errors of a job in pages, all of them or those that match; and how many there are of which column and code."""

from dataclasses import dataclass
from typing import Any

from psycopg.rows import DictRow

from tolva.core.job import JobId
from tolva.db.pool import Connection
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.stored import no_upload

LOOKED = 20_000
"""Errors that one search looks at: some hundredths of a second. The next call goes on where it stopped."""
COUNTED = 50_000
"""Errors that are counted by column and code; of a file with more, the first ones tell what is wrong with it."""


@dataclass(frozen=True)
class ErrorFilter:
    """Which errors: of a column, of a code, with a text in them. None leaves each open."""

    column: str | None = None
    code: str | None = None
    search: str | None = None

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.column or self.code or self.search)


@dataclass(frozen=True)
class Cursor:
    """An error, by its row and its order therein: a page begins behind it."""

    row: int = -1
    n: int = -1

    def to_json(self) -> dict[str, int]:
        """As the parameters of the next call."""
        return {"after_row": self.row, "after_n": self.n}


@dataclass(frozen=True)
class ErrorPage:
    """`errors` are rows of `found_errors`. With `following` there may be more: the page can be short, or empty."""

    errors: list[DictRow]
    following: Cursor | None


@dataclass(frozen=True)
class ErrorCounts:
    """`groups` have `column`, `code` and `errors`, most first. `capped`: no more than these were counted."""

    groups: list[DictRow]
    capped: bool

    @property
    def total(self) -> int:
        """All that were counted."""
        return sum(group["errors"] for group in self.groups)

    def by(self, name: str) -> list[tuple[str, int]]:
        """Counts by `column` or by `code` alone, most first."""
        sums: dict[str, int] = {}
        for group in self.groups:
            sums[group[name] or ""] = sums.get(group[name] or "", 0) + group["errors"]
        return sorted(sums.items(), key=lambda each: -each[1])


def require_errors(conn: Connection, id: JobId) -> None:
    """Raises NotFound for a job whose rows can have no errors."""
    if conn.execute(SQL["upload_or_undo"], {"job_id": id}).fetchone() is None:
        raise no_upload(id)


def find_errors(conn: Connection, id: JobId, wanted: ErrorFilter, after: Cursor, most: int) -> ErrorPage:
    """A page of errors in the order of the file."""
    looked = LOOKED if wanted.narrows else most + 1
    given: dict[str, Any] = {"job_id": id, "row": after.row, "n": after.n, "looked": looked, "most": most + 1}
    asked = {"column": wanted.column or None, "code": wanted.code or None, "search": wanted.search or None}
    found = conn.execute(SQL["found_errors"], given | asked).fetchall()
    if len(found) > most:
        return ErrorPage(found[:most], Cursor(found[most - 1]["row"], found[most - 1]["n"]))
    end = conn.execute(SQL["looked_as_far_as"], given).fetchone() if wanted.narrows else None
    return ErrorPage(found, Cursor(end["row"], end["n"]) if end else None)


def count_errors(conn: Connection, id: JobId) -> ErrorCounts:
    """How many errors there are of which column and code."""
    groups = conn.execute(SQL["error_counts"], {"job_id": id, "looked": COUNTED}).fetchall()
    return ErrorCounts(groups, sum(group["errors"] for group in groups) == COUNTED)
