"""What a load did to its table and what it refused, over HTTP, and the way back."""

from itertools import islice
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from psycopg.rows import DictRow

from tolva.connectors.blobs import Blobs
from tolva.core.job import JobId
from tolva.jobs.store import get_job
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator, Viewer
from tolva.web.access.caller import Caller
from tolva.web.download import CSV, SEPARATORS, XLSX, Separator, attachment, files, workbook
from tolva.web.problems import problems
from tolva.web.seats import Seats
from tolva.workloads.intake.after import After
from tolva.workloads.intake.annotated import write_annotated
from tolva.workloads.intake.api import PREFIX, accepted
from tolva.workloads.intake.changes import changes
from tolva.workloads.intake.download_names import download_name
from tolva.workloads.intake.export import error_lines
from tolva.workloads.intake.found_errors import Cursor, ErrorFilter, count_errors, find_errors, require_errors
from tolva.workloads.intake.result_answers import Changes, Errors, ErrorSummary
from tolva.workloads.intake.undo import ask_undo
from tolva.workloads.intake.upload_answers import AcceptedUpload

Limit = Annotated[int, Query(ge=1, le=1000)]
Word = Annotated[str | None, Query(max_length=200)]


def results_router(jobs: Jobs, blobs: Blobs, seats: Seats) -> APIRouter:
    """The calls below /api/v1/jobs."""
    router = APIRouter(prefix=PREFIX, tags=["uploads"], responses=problems(404))

    @router.get("/jobs/{id}/errors", response_model=Errors, responses=files(CSV, XLSX) | problems(413, 507))
    def get_errors(
        id: UUID,
        by: Viewer,
        format: Literal["json", "csv", "xlsx"] = "json",
        separator: Separator = "comma",
        after_row: After = -1,
        after_n: After = -1,
        limit: Limit = 100,
        column: Word = None,
        code: Word = None,
        search: Word = None,
    ) -> Response:
        """The refused rows: as JSON in pages, as CSV, or as a workbook to be corrected and uploaded again.

        The JSON can be narrowed; a page of it may then be short or empty, and `next` still lead to more.
        """
        job, wanted = JobId(str(id)), ErrorFilter(column, code, search)
        if format == "json":
            return JSONResponse(_errors_page(jobs, by, job, wanted, Cursor(after_row, after_n), limit))
        if format == "csv":
            lines = error_lines(jobs.db, by.tenant_id, job, SEPARATORS[separator])
            named = attachment(_called(jobs, by, job, "errores", ".csv"))
            return StreamingResponse(lines, headers=named, media_type=CSV)
        with seats.taken():
            return _annotated(jobs, by, blobs, job)

    @router.get("/jobs/{id}/errors/summary", response_model=ErrorSummary)
    def get_summary(id: UUID, by: Viewer) -> dict[str, Any]:
        """How many errors there are of which column and code; `capped`: of the first ones, since there are too many."""
        job = JobId(str(id))
        with jobs.db.transaction(by.tenant_id) as conn:
            require_errors(conn, job)
            counts = count_errors(conn, job)
        return {"total": counts.total, "capped": counts.capped, "groups": counts.groups}

    @router.get("/jobs/{id}/changes", response_model=Changes, responses=problems(409))
    def get_changes(
        id: UUID, by: Viewer, after_chunk: After = -1, after_n: After = -1, limit: Limit = 100
    ) -> dict[str, Any]:
        """What a load changed, or a dry run would change: new rows, and values before and after."""
        found = changes(jobs.db, by.tenant_id, JobId(str(id)), after_chunk, after_n)
        page = list(islice(found, limit + 1))
        return {
            "changes": [
                {"key": c.key, "kind": c.kind, "row": c.row, "fields": {f: list(pair) for f, pair in c.fields.items()}}
                for c in page[:limit]
            ],
            "next": {"after_chunk": page[-2].chunk, "after_n": page[-2].n} if len(page) > limit else None,
        }

    @router.post("/jobs/{id}/undo", status_code=202, response_model=AcceptedUpload, responses=problems(403, 409))
    def undo(id: UUID, by: Operator) -> dict[str, Any]:
        """Puts back what a load changed; what has changed since is left alone and listed as this job's errors."""
        return accepted(ask_undo(jobs, by, str(id)))

    return router


def _errors_page(jobs: Jobs, by: Caller, id: JobId, wanted: ErrorFilter, after: Cursor, limit: int) -> dict[str, Any]:
    with jobs.db.transaction(by.tenant_id) as conn:
        require_errors(conn, id)
        page = find_errors(conn, id, wanted, after, limit)
    return {
        "errors": [_error(each) for each in page.errors],
        "next": page.following.to_json() if page.following else None,
    }


def _error(found: DictRow) -> DictRow:
    """A row of the file has a number; what an undo left alone has a key."""
    without = ("key",) if found["key"] is None else ("row", "n")
    return {name: value for name, value in found.items() if name not in without}


def _annotated(jobs: Jobs, by: Caller, blobs: Blobs, id: JobId) -> FileResponse:
    called = _called(jobs, by, id, "corregir", ".xlsx")
    with blobs.scratch() as scratch:
        return workbook(called, lambda path: write_annotated(jobs.db, blobs, by.tenant_id, id, path, scratch))


def _called(jobs: Jobs, by: Caller, id: JobId, what: str, suffix: str) -> str:
    with jobs.db.transaction(by.tenant_id) as conn:
        require_errors(conn, id)
        return download_name(get_job(conn, id)["params"]["filename"], what, suffix)
