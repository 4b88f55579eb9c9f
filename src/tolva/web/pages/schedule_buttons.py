"""What the buttons of a schedule ask for."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from tolva.jobs.schedule import drop_schedule, pause_schedule, resume_schedule, run_now
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Admin, Operator
from tolva.web.access.audit import note
from tolva.web.api.texts import NameInPath
from tolva.web.pages.entry import to
from tolva.web.pages.once import once_key
from tolva.web.pages.told import Told, telling


def schedule_buttons(jobs: Jobs) -> APIRouter:
    """`POST /schedules/{name}/…`."""
    router = APIRouter(prefix="/schedules", include_in_schema=False)

    @router.post("/{name}/run")
    def run(name: NameInPath, by: Operator, token: Annotated[str, Form()] = "") -> Response:
        with jobs.work(by.tenant_id) as work:
            made = run_now(work, name, once_key(token, "schedule.run", name))
            if made.created:
                note(work.conn, by, "schedule.run", name, job=made.id)
        return to(f"/jobs/{made.id}")

    @router.post("/{name}/pause")
    def pause(name: NameInPath, by: Operator) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            pause_schedule(conn, name)
            note(conn, by, "schedule.pause", name)
        return to("/schedules")

    @router.post("/{name}/resume")
    def resume(name: NameInPath, by: Operator) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            resume_schedule(conn, name)
            note(conn, by, "schedule.resume", name)
        return to("/schedules")

    @router.post("/{name}/delete")
    def delete(name: NameInPath, by: Admin) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            drop_schedule(conn, name)
            note(conn, by, "schedule.drop", name)
        return telling(to("/schedules"), Told("schedule-dropped"))

    return router
