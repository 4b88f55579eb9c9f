"""The refused rows of a job in each of the forms that the API gives them in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from psycopg.rows import DictRow

from tolva.connectors.blobs import Blobs
from tolva.core.job import JobId
from tolva.errors import InvalidInput
from tolva.jobs.store import get_job
from tolva.jobs.work import Jobs
from tolva.web.access.caller import Caller
from tolva.web.download import CSV, SEPARATOR, SEPARATORS, attachment, workbook
from tolva.web.seats import Seats
from tolva.workloads.intake.annotated import write_annotated
from tolva.workloads.intake.download_names import download_name
from tolva.workloads.intake.export import error_lines
from tolva.workloads.intake.found_errors import Cursor, ErrorFilter, find_errors, require_errors
from tolva.workloads.intake.row_places import RowPlace

Format = Literal["json", "csv", "xlsx"]
Limit = Annotated[int, Query(ge=1, le=1000)]
Word = Annotated[str | None, Query(max_length=200)]


@dataclass(frozen=True)
class Wanted:
    """Whose errors, and which of them; the filter and the page are for JSON alone, the separator is for CSV."""

    job: JobId
    filter: ErrorFilter
    after: Cursor
    limit: int
    separator: Literal["comma", "semicolon"] | None


async def wanted_errors(
    id: UUID,
    separator: Annotated[Literal["comma", "semicolon"] | None, SEPARATOR] = None,
    after_row: RowPlace = -1,
    after_n: RowPlace = -1,
    limit: Limit = 100,
    column: Word = None,
    code: Word = None,
    search: Word = None,
) -> Wanted:
    """What the address of a call asks for; async, since it does not wait for anything and needs no thread."""
    narrowed, after = ErrorFilter(column, code, search), Cursor(after_row, after_n)
    return Wanted(JobId(str(id)), narrowed, after, limit, separator)


@dataclass(frozen=True)
class RefusedRows:
    """The rows in one form or another."""

    jobs: Jobs
    blobs: Blobs
    seats: Seats

    def told(self, by: Caller, format: Format, wanted: Wanted) -> Response:
        """The answer to a call. Raises NotFound, Busy, InvalidInput for a separator of what has none."""
        if wanted.separator and format != "csv":
            raise InvalidInput(f"separator: only CSV has one, not {format}. Ask for format=csv, or leave it out.")
        told: Mapping[Format, Callable[[Caller, Wanted], Response]] = {
            "json": self._page,
            "csv": self._lines,
            "xlsx": self._workbook,
        }
        return told[format](by, wanted)

    def _page(self, by: Caller, wanted: Wanted) -> JSONResponse:
        with self.jobs.db.transaction(by.tenant_id) as conn:
            require_errors(conn, wanted.job)
            page = find_errors(conn, wanted.job, wanted.filter, wanted.after, wanted.limit)
        following = page.following.to_json() if page.following else None
        return JSONResponse({"errors": [_error(each) for each in page.errors], "next": following})

    def _lines(self, by: Caller, wanted: Wanted) -> StreamingResponse:
        named = attachment(self._called(by, wanted.job, "errores", ".csv"))
        lines = error_lines(self.jobs.db, by.tenant_id, wanted.job, SEPARATORS[wanted.separator or "comma"])
        return StreamingResponse(lines, headers=named, media_type=CSV)

    def _workbook(self, by: Caller, wanted: Wanted) -> FileResponse:
        db, blobs = self.jobs.db, self.blobs
        with self.seats.taken(), blobs.scratch() as scratch:
            called = self._called(by, wanted.job, "corregir", ".xlsx")
            return workbook(called, lambda path: write_annotated(db, blobs, by.tenant_id, wanted.job, path, scratch))

    def _called(self, by: Caller, id: JobId, what: str, suffix: str) -> str:
        with self.jobs.db.transaction(by.tenant_id) as conn:
            require_errors(conn, id)
            return download_name(get_job(conn, id)["params"]["filename"], what, suffix)


def _error(found: DictRow) -> dict[str, Any]:
    """A row of the file has a number; what an undo left alone has a key."""
    without = ("key",) if found["key"] is None else ("row", "n")
    return {name: value for name, value in found.items() if name not in without}
