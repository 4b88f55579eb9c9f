"""The list of jobs: its filters are in the address, so that it can be passed on."""

from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tolva.core.job import JobId, State, made_at
from tolva.jobs.listing import JobFilter, list_jobs
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Viewer
from tolva.web.pages.filtered import FilteredList
from tolva.web.pages.formats import zone_of
from tolva.web.pages.list_query import OPEN_QUESTION, job_filter, means_asked_for
from tolva.web.pages.numbers import with_numbers
from tolva.web.pages.panel import Panels
from tolva.web.pages.shell import Shell

PAGE = 50
"""Jobs of a page."""


def jobs_pages(shell: Shell, jobs: Jobs, panels: Panels) -> APIRouter:
    """`/jobs`."""
    router = APIRouter(prefix="/jobs", include_in_schema=False)
    listed, asked_for = FilteredList(shell, jobs, panels), jobs.catalogue.asked_for

    @router.get("")
    def get_jobs(
        request: Request,
        by: Viewer,
        since: str = "",
        until: str = "",
        ended: str = "",
        before: UUID | None = None,
    ) -> Response:
        now, query = datetime.now(UTC), request.query_params
        asked = job_filter(query, zone_of(request), asked_for, now)
        last = JobId(str(before)) if before else None
        with jobs.db.transaction(by.tenant_id) as conn:
            page = list_jobs(conn, by.tenant_id, asked, before=last, most=PAGE)
            rows = panels.retold(conn, page.jobs)
        return listed.show(
            request,
            by,
            "jobs.html",
            asked,
            JobFilter(kinds=asked_for),
            asked_for=means_asked_for(query),
            before=before,
            ended=ended,
            following=page.following,
            looked_back_to=made_at(page.following) if page.following else None,
            now=now,
            open_question=OPEN_QUESTION,
            rows=[with_numbers(row) for row in rows],
            since=since,
            states=list(State),
            until=until,
        )

    return router
