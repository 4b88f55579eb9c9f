"""What a load did to its table and what it refused, over HTTP, and the way back."""

from itertools import islice
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from psycopg.rows import DictRow

from tolva.connectors.blobs import Blobs
from tolva.core.job import JobId
from tolva.errors import NotFound
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator, Viewer
from tolva.web.access.caller import Caller
from tolva.web.download import workbook
from tolva.web.seats import Seats
from tolva.workloads.intake.annotated import write_annotated
from tolva.workloads.intake.api import PREFIX, accepted
from tolva.workloads.intake.changes import changes
from tolva.workloads.intake.export import error_lines
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.undo import ask_undo

After = Annotated[int, Query(ge=-1)]
Limit = Annotated[int, Query(ge=1, le=1000)]


def results_router(jobs: Jobs, blobs: Blobs, seats: Seats) -> APIRouter:
    """The calls below /api/v1/jobs."""
    router = APIRouter(prefix=PREFIX, tags=["uploads"])

    @router.get("/jobs/{id}/errors", response_model=None)
    def get_errors(
        id: UUID,
        by: Viewer,
        format: Literal["json", "csv", "xlsx"] = "json",
        after_row: After = -1,
        after_n: int = -1,
        limit: Limit = 100,
    ) -> Response:
        """The refused rows: as JSON in pages, as CSV, or as a workbook to be corrected and uploaded again."""
        job = JobId(str(id))
        if format == "json":
            return JSONResponse(_errors_page(jobs, by, job, after_row, after_n, limit))
        if format == "csv":
            lines = error_lines(jobs.db, by.tenant_id, job)
            return StreamingResponse(lines, headers=_named(f"errores-{id}.csv"), media_type="text/csv; charset=utf-8")
        with seats.taken():
            return _annotated(jobs, by, blobs, job)

    @router.get("/jobs/{id}/changes")
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

    @router.post("/jobs/{id}/undo", status_code=202)
    def undo(id: UUID, by: Operator) -> dict[str, Any]:
        """Puts back what a load changed; what has changed since is left alone and listed as this job's errors."""
        return accepted(ask_undo(jobs, by, str(id)))

    return router


def _errors_page(jobs: Jobs, by: Caller, id: JobId, after_row: int, after_n: int, limit: int) -> dict[str, Any]:
    with jobs.db.transaction(by.tenant_id) as conn:
        if conn.execute(SQL["upload_or_undo"], {"job_id": id}).fetchone() is None:
            raise NotFound(f"There is no upload {id}.")
        given = {"job_id": id, "row": after_row, "n": after_n, "most": limit + 1}
        found = conn.execute(SQL["row_errors"], given).fetchall()
    page = found[:limit]
    following = {"after_row": page[-1]["row"], "after_n": page[-1]["n"]} if len(found) > limit else None
    return {"errors": [_error(each) for each in page], "next": following}


def _error(found: DictRow) -> DictRow:
    """A row of the file has a number; what an undo left alone has a key."""
    without = ("key",) if found["key"] is None else ("row", "n")
    return {name: value for name, value in found.items() if name not in without}


def _annotated(jobs: Jobs, by: Caller, blobs: Blobs, id: JobId) -> FileResponse:
    with blobs.scratch() as scratch:
        return workbook(
            f"corregir-{id}.xlsx", lambda path: write_annotated(jobs.db, blobs, by.tenant_id, id, path, scratch)
        )


def _named(filename: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{filename}"'}
