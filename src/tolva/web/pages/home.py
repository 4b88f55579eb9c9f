"""The start page: how things stand, at a glance."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tolva.core.job import State
from tolva.db.pool import Connection
from tolva.jobs.letters import LetterFilter, dead_letters
from tolva.jobs.listing import JobFilter, count_failures, count_matching, list_jobs
from tolva.jobs.queue_states import throughput
from tolva.jobs.sql import SQL
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Viewer
from tolva.web.pages.list_query import ENDED
from tolva.web.pages.panel import Panels
from tolva.web.pages.shell import Shell

FEW = 5
"""Lines of each short list."""


def home_pages(shell: Shell, jobs: Jobs, panels: Panels) -> APIRouter:
    """`/`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def home(request: Request, by: Viewer) -> Response:
        now = datetime.now(UTC)
        with jobs.db.transaction(by.tenant_id) as conn:
            told = _told(conn, jobs, by.tenant_id, now)
            told["letters"] = panels.retold(conn, told["letters"], "job_id")
        return shell.page(request, by, "home.html", **told, kinds=panels.titles(jobs.catalogue), now=now)

    return router


def _told(conn: Connection, jobs: Jobs, tenant_id: str, now: datetime) -> dict[str, Any]:
    """Of what people asked for; each figure counts what the list shows that it leads to."""
    kinds = jobs.catalogue.asked_for
    count = partial(count_matching, conn, tenant_id)
    since = now - ENDED["hour"]
    failed = JobFilter((State.FAILED,), kinds=kinds, ended_since=since)
    minutes = throughput(conn, without=jobs.catalogue.unasked_queues)
    return {
        "ended": [[each.minute.timestamp(), each.completed, each.asked, each.failed] for each in minutes],
        "hour": {
            "completed": count(JobFilter((State.COMPLETED,), kinds=kinds, ended_since=since)),
            "failed": count_failures(conn, tenant_id, failed),
        },
        "letters": dead_letters(conn, tenant_id, LetterFilter(), most=FEW).letters,
        "paused": conn.execute(SQL["paused_queues"]).fetchall(),
        "queued": count(JobFilter((State.QUEUED,), kinds=kinds)),
        "recent": list_jobs(conn, tenant_id, JobFilter(kinds=kinds), most=FEW).jobs,
        "running": count(JobFilter((State.RUNNING,), kinds=kinds)),
        "workers": conn.execute(SQL["living_workers"]).fetchall(),
    }
