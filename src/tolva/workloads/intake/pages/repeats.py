"""The page of the rows of a load whose key stands further up in its file: which row overwrote which."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tolva.core.job import JobId, Json
from tolva.jobs.store import get_job
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Viewer
from tolva.web.pages.shell import Shell
from tolva.workloads.intake.stored import require_upload


def repeats_pages(jobs: Jobs, shell: Shell) -> APIRouter:
    """`/jobs/{id}/repeats`."""
    router = APIRouter(prefix="/jobs", include_in_schema=False)

    @router.get("/{id}/repeats")
    def get_repeats(request: Request, id: UUID, by: Viewer) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            job = get_job(conn, JobId(str(id)))
            require_upload(conn, str(id))
        result: Json = job["result"] or {}
        told = {"repeats": result.get("repeats", []), "repeated": result.get("repeated", 0)}
        return shell.page(request, by, "intake/repeats.html", job=job, **told)

    return router
