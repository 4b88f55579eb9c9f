"""The page of the queues: how each stands for the tenant, and who works on it."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tolva.jobs.queue_states import queue_states
from tolva.jobs.sql import SQL
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator, Viewer
from tolva.web.api.values import NameInPath
from tolva.web.pages.entry import to
from tolva.web.pages.flash import Flash, with_flash
from tolva.web.pages.panel import Panels
from tolva.web.pages.shell import Shell
from tolva.web.steering import pause_for_tenant


def queues_pages(shell: Shell, jobs: Jobs, panels: Panels) -> APIRouter:
    """`/queues`."""
    router = APIRouter(prefix="/queues", include_in_schema=False)

    @router.get("")
    def page(request: Request, by: Viewer) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            queues = queue_states(conn)
            workers = [row for row in conn.execute(SQL["roster"]).fetchall() if row["alive"]]
        return shell.page(
            request,
            by,
            "queues.html",
            kinds=panels.titles(jobs.catalogue),
            queues=queues,
            served={name for worker in workers for name in worker["queues"]},
            workers=workers,
        )

    @router.post("/{name}/pause")
    def pause(request: Request, name: NameInPath, by: Operator) -> Response:
        pause_for_tenant(jobs, by, name, paused=True)
        return with_flash(request, to("/queues"), Flash("paused", name=name))

    @router.post("/{name}/resume")
    def resume(request: Request, name: NameInPath, by: Operator) -> Response:
        pause_for_tenant(jobs, by, name, paused=False)
        return with_flash(request, to("/queues"), Flash("resumed", name=name))

    return router
