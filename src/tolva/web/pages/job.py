"""The page of one job."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from psycopg.rows import DictRow
from starlette.requests import Request
from starlette.responses import Response

from tolva.core.job import FINISHED, JobId
from tolva.jobs import store
from tolva.jobs.letters import with_letter
from tolva.jobs.pace import pace_of
from tolva.jobs.sql import SQL
from tolva.jobs.waiting import why_waiting
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator, Viewer
from tolva.web.access.caller import Caller
from tolva.web.access.gate import Gate
from tolva.web.details import error_for
from tolva.web.live.hub import Hub
from tolva.web.live.sse import EventStream
from tolva.web.pages.entry import to
from tolva.web.pages.fragments import Fragments
from tolva.web.pages.numbers import with_numbers
from tolva.web.pages.once import once_key
from tolva.web.pages.panel import Panels, Tell, retell
from tolva.web.pages.shell import Shell
from tolva.web.steering import cancel_job, dismiss_letter, retry_job

Token = Annotated[str, Form(max_length=100)]
"""How far the job was that the page showed: what is asked for there is done once, in however many pages it is shown."""
MOST_MILESTONES = 50
"""Steps of a job that its page tells, the latest."""
MOST_CHILDREN = 100
"""Parts of a job that its page names, the first."""


def job_pages(shell: Shell, jobs: Jobs, panels: Panels, hub: Hub, gate: Gate) -> APIRouter:
    """`/jobs/{id}`."""
    router = APIRouter(prefix="/jobs/{id}", include_in_schema=False)

    @router.get("")
    def page(request: Request, id: UUID, by: Viewer) -> Response:
        return shell.page(request, by, "job.html", **_told(jobs, panels, request, by, id))

    @router.get("/below")
    def below(request: Request, id: UUID, by: Viewer) -> Response:
        return shell.page(request, by, "_job_below.html", **_told(jobs, panels, request, by, id))

    @router.get("/live")
    async def live(request: Request, id: UUID, by: Viewer) -> Response:
        def render() -> tuple[str, bool]:
            told = _told(jobs, panels, request, by, id)
            return shell.render(request, by, "_job_live.html", **told), told["ended"]

        opening = await hub.open(by.tenant_id, JobId(str(id)), None, partial(gate.in_force, by))
        return EventStream(hub, opening, Fragments(render))

    @router.post("/cancel")
    def cancel(id: UUID, by: Operator, token: Token = "") -> Response:
        cancel_job(jobs, by, JobId(str(id)), once_key(token, "job.cancel", str(id)))
        return to(f"/jobs/{id}")

    @router.post("/retry")
    def retry(id: UUID, by: Operator, token: Token = "") -> Response:
        retry_job(jobs, by, JobId(str(id)), once_key(token, "job.retry", str(id)))
        return to(f"/jobs/{id}")

    @router.post("/dismiss")
    def dismiss(id: UUID, by: Operator) -> Response:
        dismiss_letter(jobs, by, JobId(str(id)))
        return to(f"/jobs/{id}")

    return router


def _told(jobs: Jobs, panels: Panels, request: Request, by: Caller, id: UUID) -> Mapping[str, Any]:
    """What the templates of a job are given."""
    with jobs.db.transaction(by.tenant_id) as conn:
        job = store.get_job(conn, JobId(str(id)))
        panel = panels.of(job["kind"])
        milestones = conn.execute(SQL["milestones"], {"id": id, "most": MOST_MILESTONES}).fetchall()
        family = {"id": id, "most": MOST_CHILDREN + 1}
        told = {
            "children": conn.execute(SQL["children_of"], family).fetchall() if job["attempt"] else [],
            "dead": bool(with_letter(conn, [JobId(str(id))])),
            "pace": pace_of(conn, with_numbers(job)),
            "events": _retold(milestones, panels.tellers(conn, [str(id)]).get(str(id)))[::-1],
            "panel": panel.tell(conn, job, request) if panel else None,
            "why": why_waiting(conn, job),
        }
    shown = {"params": _pretty(job["params"]), "result": _pretty(job["result"])}
    files = {f"panel_{part}": getattr(panel, part) for part in ("live", "below", "actions")} if panel else {}
    return (
        told
        | shown
        | files
        | {
            "ended": job["state"] in FINISHED,
            "job": with_numbers(job) | {"error": error_for(by, job["error"])},
            "kinds": panels.titles(jobs.catalogue),
            "most_children": MOST_CHILDREN,
            "now": datetime.now(UTC),
        }
    )


def _retold(events: Sequence[DictRow], tell: Tell | None) -> list[DictRow]:
    """What happened, with what errors say for people."""
    return [
        event | {"data": event["data"] | {"error": retell(event["data"]["error"], tell)}}
        if event["data"] and "error" in event["data"]
        else event
        for event in events
    ]


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) if value else ""
