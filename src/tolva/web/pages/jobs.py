"""The list of jobs: its filters are in the address, so that it can be passed on."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tolva.core.job import JobId, State
from tolva.jobs.listing import JobFilter, list_jobs
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Viewer
from tolva.web.pages.formats import zone_of
from tolva.web.pages.panel import Panels
from tolva.web.pages.shell import Shell

PAGE = 50
"""Jobs of a page."""
Many = Annotated[list[str], Query()]


def jobs_pages(shell: Shell, jobs: Jobs, panels: Panels) -> APIRouter:
    """`/jobs`."""
    router = APIRouter(prefix="/jobs", include_in_schema=False)

    @router.get("")
    def page(
        request: Request,
        by: Viewer,
        state: Many = [],  # noqa: B006 -- FastAPI copies it
        queue: Many = [],  # noqa: B006
        kind: Many = [],  # noqa: B006
        since: str = "",
        until: str = "",
        search: Annotated[str, Query(max_length=200)] = "",
        before: UUID | None = None,
    ) -> Response:
        zone = zone_of(request)
        asked = JobFilter(
            tuple(State(each) for each in state if each in list(State)),
            tuple(filter(None, queue)),
            tuple(filter(None, kind)),
            _day(since, zone),
            _day(until, zone, days=1),
            search.strip() or None,
        )
        last = JobId(str(before)) if before else None
        with jobs.db.transaction(by.tenant_id) as conn:
            rows = list_jobs(conn, by.tenant_id, asked, before=last, most=PAGE + 1)
        return shell.page(
            request,
            by,
            "jobs.html",
            asked=asked,
            before=before,
            filtered=asked != JobFilter(),
            kinds=panels.titles(jobs.catalogue),
            more=len(rows) > PAGE,
            now=datetime.now(UTC),
            queues=sorted(jobs.catalogue.queues),
            rows=rows[:PAGE],
            since=since,
            states=list(State),
            until=until,
        )

    return router


def _day(text: str, zone: ZoneInfo, days: int = 0) -> datetime | None:
    """When a day of the reader begins, or some days later; None for what is no day."""
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time(), zone)
    except (ValueError, OverflowError):
        return None
