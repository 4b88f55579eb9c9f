"""What the button that undoes a load asks for."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator
from tolva.web.pages.entry import to
from tolva.workloads.intake.undo import ask_undo


def undo_pages(jobs: Jobs) -> APIRouter:
    """`POST /jobs/{id}/undo`."""
    router = APIRouter(prefix="/jobs", include_in_schema=False)

    @router.post("/{id}/undo")
    def undo(id: UUID, by: Operator) -> Response:
        return to(f"/jobs/{ask_undo(jobs, by, str(id))}")

    return router
