"""The start page: how things stand, at a glance."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tolva.core.job import State
from tolva.db.pool import Connection
from tolva.jobs.letters import LetterFilter, dead_letters
from tolva.jobs.listing import JobFilter, list_jobs
from tolva.jobs.queue_states import queue_states, throughput
from tolva.jobs.sql import SQL
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Viewer
from tolva.web.pages.panel import Panels
from tolva.web.pages.shell import Shell

FEW = 5
"""Lines of each short list."""


def home_pages(shell: Shell, jobs: Jobs, panels: Panels) -> APIRouter:
    """`/`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def home(request: Request, by: Viewer) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            told = _told(conn, by.tenant_id)
        return shell.page(request, by, "home.html", **told, kinds=panels.titles(jobs.catalogue), now=datetime.now(UTC))

    return router


def _told(conn: Connection, tenant_id: str) -> dict[str, Any]:
    minutes = throughput(conn)
    return {
        "active": list_jobs(conn, tenant_id, JobFilter((State.RUNNING, State.QUEUED, State.WAITING)), most=FEW),
        "ended": [[each.minute.timestamp(), each.completed, each.failed] for each in minutes],
        "hour": {
            "completed": sum(each.completed for each in minutes),
            "failed": sum(each.failed for each in minutes),
        },
        "letters": dead_letters(conn, tenant_id, LetterFilter(), most=FEW),
        "queues": queue_states(conn),
        "recent": list_jobs(conn, tenant_id, JobFilter(), most=FEW),
        "workers": conn.execute(SQL["living_workers"]).fetchall(),
    }
