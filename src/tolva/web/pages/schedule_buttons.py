"""What the buttons of a schedule ask for."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from tolva.jobs.work import Jobs
from tolva.web.access.asking import Admin, Operator
from tolva.web.api.values import NameInPath
from tolva.web.pages.entry import to
from tolva.web.pages.flash import Flash, with_flash
from tolva.web.pages.once import once_key
from tolva.web.scheduling import drop_schedule, pause_schedule, resume_schedule, run_schedule

LIST = "/schedules"
Back = Annotated[str, Form()]
"""The page of the list that the button is on."""


def schedule_buttons(jobs: Jobs) -> APIRouter:
    """`POST /schedules/{name}/…`."""
    router = APIRouter(prefix="/schedules", include_in_schema=False)

    @router.post("/{name}/run")
    def run(name: NameInPath, by: Operator, token: Annotated[str, Form()] = "") -> Response:
        made = run_schedule(jobs, by, name, once_key(token, "schedule.run", name))
        return to(f"/jobs/{made.id}")

    @router.post("/{name}/pause")
    def pause(request: Request, name: NameInPath, by: Operator, back: Back = LIST) -> Response:
        pause_schedule(jobs, by, name)
        return with_flash(request, to(back), Flash("paused", name=name))

    @router.post("/{name}/resume")
    def resume(request: Request, name: NameInPath, by: Operator, back: Back = LIST) -> Response:
        resume_schedule(jobs, by, name)
        return with_flash(request, to(back), Flash("resumed", name=name))

    @router.post("/{name}/delete")
    def delete(request: Request, name: NameInPath, by: Admin, back: Back = LIST) -> Response:
        drop_schedule(jobs, by, name)
        return with_flash(request, to(back), Flash("schedule-dropped", name=name))

    return router
