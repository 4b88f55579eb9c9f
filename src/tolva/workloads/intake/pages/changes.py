"""The page of what a load changed, or a dry run would: each new row, and each value before and after."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tolva.core.job import JobId
from tolva.jobs.store import get_job
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Viewer
from tolva.web.pages.shell import Shell
from tolva.workloads.intake.changes import page_of_changes
from tolva.workloads.intake.pages.fragment import wants_fragment
from tolva.workloads.intake.row_places import RowPlace
from tolva.workloads.intake.schemas import schema_of
from tolva.workloads.intake.stored import find_upload

PAGE = 50


def changes_pages(jobs: Jobs, shell: Shell) -> APIRouter:
    """`/jobs/{id}/changes`."""
    router = APIRouter(prefix="/jobs", include_in_schema=False)

    @router.get("/{id}/changes")
    def get_changes(
        request: Request, id: UUID, by: Viewer, after_chunk: RowPlace = -1, after_n: RowPlace = -1
    ) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            job, upload = get_job(conn, JobId(str(id))), find_upload(conn, JobId(str(id)))
            kinds = {field.name: field.kind for field in schema_of(conn, upload).fields} if upload else {}
        page = page_of_changes(jobs.db, by.tenant_id, JobId(str(id)), after_chunk, after_n, PAGE)
        shown: dict[str, Any] = {"job": job, "kinds": kinds, "changes": page.changes}
        shown |= {"following": page.following, "first": after_chunk < 0}
        template = "intake/_changes.html" if wants_fragment(request) else "intake/changes.html"
        return shell.page(request, by, template, **shown)

    return router
