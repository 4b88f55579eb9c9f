"""The start page: how things stand, at a glance."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tolva.db.pool import Connection
from tolva.jobs.counted import Counted
from tolva.jobs.letters import LetterFilter, dead_letters
from tolva.jobs.listing import JobFilter, list_jobs
from tolva.jobs.queue_states import queue_states, throughput
from tolva.jobs.sql import SQL
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Viewer
from tolva.web.pages.formats import zone_of
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
        now = datetime.now(UTC)
        since = (now - timedelta(hours=1)).astimezone(zone_of(request)).date()  # the list goes by days
        return shell.page(request, by, "home.html", **told, kinds=panels.titles(jobs.catalogue), now=now, since=since)

    return router


def _told(conn: Connection, tenant_id: str) -> dict[str, Any]:
    minutes, queues = throughput(conn), queue_states(conn)
    return {
        "ended": [[each.minute.timestamp(), each.completed, each.failed] for each in minutes],
        "hour": {
            "completed": _sum(each.last_hour.completed for each in queues),
            "failed": _sum(each.last_hour.failed for each in queues),
        },
        "letters": dead_letters(conn, tenant_id, LetterFilter(), most=FEW).letters,
        "queues": queues,
        "ready": _sum(each.ready for each in queues),
        "running": _sum(each.running for each in queues),
        "recent": list_jobs(conn, tenant_id, JobFilter(), most=FEW).jobs,
        "workers": conn.execute(SQL["living_workers"]).fetchall(),
    }


def _sum(counts: Iterable[Counted]) -> Counted:
    """As exact as all of them.

    >>> _sum([Counted(7), Counted(10, exact=False)])
    Counted(number=17, exact=False)
    """
    each = list(counts)
    return Counted(sum(count.number for count in each), all(count.exact for count in each))
