"""What a load did to its table and what it refused, over HTTP, and the way back."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from tolva.connectors.blobs import Blobs
from tolva.core.job import JobId
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator, Viewer
from tolva.web.download import CSV, XLSX, files
from tolva.web.problems import problems
from tolva.web.seats import Seats
from tolva.workloads.intake.api import PREFIX, accepted
from tolva.workloads.intake.changes import Change, page_of_changes
from tolva.workloads.intake.error_formats import Format, Limit, RefusedRows, Wanted, wanted_errors
from tolva.workloads.intake.found_errors import count_errors, require_errors
from tolva.workloads.intake.result_answers import Changes, Errors, ErrorSummary
from tolva.workloads.intake.row_places import RowPlace
from tolva.workloads.intake.undo import ask_undo
from tolva.workloads.intake.upload_answers import AcceptedUpload


def results_router(jobs: Jobs, blobs: Blobs, seats: Seats) -> APIRouter:
    """The calls below /api/v1/jobs."""
    router = APIRouter(prefix=PREFIX, tags=["uploads"], responses=problems(404))
    refused = RefusedRows(jobs, blobs, seats)

    @router.get("/jobs/{id}/errors", response_model=Errors, responses=files(CSV, XLSX) | problems(413, 507))
    def get_errors(by: Viewer, wanted: Annotated[Wanted, Depends(wanted_errors)], format: Format = "json") -> Response:
        """The refused rows: as JSON in pages, as CSV, or as a workbook to be corrected and uploaded again.

        The JSON can be narrowed; a page of it may then be short or empty, and `next` still lead to more.
        """
        return refused.told(by, format, wanted)

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
        id: UUID, by: Viewer, after_chunk: RowPlace = -1, after_n: RowPlace = -1, limit: Limit = 100
    ) -> dict[str, Any]:
        """What a load changed, or a dry run would change: new rows, and values before and after."""
        page = page_of_changes(jobs.db, by.tenant_id, JobId(str(id)), after_chunk, after_n, limit)
        return {"changes": [_change(each) for each in page.changes], "next": page.following}

    @router.post("/jobs/{id}/undo", status_code=202, response_model=AcceptedUpload, responses=problems(403, 409))
    def undo(id: UUID, by: Operator, response: Response) -> dict[str, Any]:
        """Puts back what a load changed; what has changed since is left alone and listed as this job's errors."""
        return accepted(ask_undo(jobs, by, str(id)), response)

    return router


def _change(each: Change) -> dict[str, Any]:
    fields = {name: list(pair) for name, pair in each.fields.items()}
    return {"key": each.key, "kind": each.kind, "row": each.row, "fields": fields}
