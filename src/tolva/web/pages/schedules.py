"""The page of the schedules: jobs by the clock, and the form that makes and changes them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form
from psycopg.rows import DictRow
from starlette.requests import Request
from starlette.responses import Response

from tolva.core.cron import parse_cron
from tolva.core.upcoming import Tick, upcoming
from tolva.errors import Conflict
from tolva.jobs.catalogue import Catalogue
from tolva.jobs.schedule import (
    NameTaken,
    Schedule,
    get_schedule,
    list_schedules,
    why_stuck,
)
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Admin, Viewer
from tolva.web.access.caller import Caller
from tolva.web.pages.entry import to
from tolva.web.pages.flash import Flash, with_flash
from tolva.web.pages.formats import zone_of
from tolva.web.pages.once import new_token
from tolva.web.pages.panel import Panels
from tolva.web.pages.schedule_form import ZONES, Checked, Fault, Filled, check_clock, check_schedule, filled_with
from tolva.web.pages.shell import Shell
from tolva.web.scheduling import put_schedule

PAGE = 100
"""Schedules of a page."""
SHOWN, FORESEEN = 3, 5
"""Ticks that are told of each schedule of the list, and of the one in the form."""


@dataclass(frozen=True)
class Line:
    """A schedule of the list; `fault` says why it cannot run, where it cannot."""

    row: DictRow
    ticks: list[Tick]
    fault: str | None = None


def schedules_pages(shell: Shell, jobs: Jobs, panels: Panels) -> APIRouter:
    """`/schedules`."""
    router = APIRouter(prefix="/schedules", include_in_schema=False)
    page = SchedulesPage(shell, jobs, panels)

    @router.get("")
    def get_all(request: Request, by: Viewer, change: str = "", after: str = "") -> Response:
        if not change:
            return page.show(request, by, Filled(after=after, timezone=zone_of(request).key), Checked())
        with jobs.db.transaction(by.tenant_id) as conn:
            row = get_schedule(conn, change)
        return page.show(request, by, filled_with(row, after), Checked())

    @router.post("")
    def put(request: Request, by: Admin, filled: Annotated[Filled, Form()]) -> Response:
        checked = check_schedule(filled, jobs.catalogue)
        if checked.schedule and (fault := _put(jobs, by, filled, checked.schedule)):
            checked = replace(checked, faults={"name": fault})
        if checked.faults:
            return page.show(request, by, filled, checked, 400)
        return with_flash(request, to(filled.list_page), Flash("schedule", name=filled.name.strip()))

    @router.post("/preview")
    def preview(request: Request, by: Admin, filled: Annotated[Filled, Form()]) -> Response:
        return page.show(request, by, filled, check_clock(filled))

    return router


@dataclass(frozen=True)
class SchedulesPage:
    """A page of the list, and the form below it."""

    shell: Shell
    jobs: Jobs
    panels: Panels

    def show(self, request: Request, by: Caller, filled: Filled, checked: Checked, status: int = 200) -> Response:
        """The page of the list that the form says, and the form as it was filled in, with what is wrong with it."""
        catalogue, now = self.jobs.catalogue, datetime.now(UTC)
        with self.jobs.db.transaction(by.tenant_id) as conn:
            rows = list_schedules(conn, after=filled.after, most=PAGE + 1)
        return self.shell.page(
            request,
            by,
            "schedules.html",
            status,
            checked=checked,
            filled=filled,
            foreseen=upcoming(checked.cron, now, FORESEEN) if checked.cron else [],
            choices=catalogue.on_schedule,
            kinds=self.panels.titles(catalogue),
            lines=[_line(catalogue, row, now) for row in rows[:PAGE]],
            more=len(rows) > PAGE,
            token=new_token(),
            zones=ZONES,
        )


def _put(jobs: Jobs, by: Caller, filled: Filled, wanted: Schedule) -> Fault | None:
    """Keep it, unless its name is taken (a form for a new one changes none that there is), or there are too many."""
    try:
        put_schedule(jobs, by, wanted, new=wanted.name != filled.was)
    except NameTaken:
        return Fault.TAKEN
    except Conflict:
        return Fault.FULL
    return None


def _line(catalogue: Catalogue, row: DictRow, now: datetime) -> Line:
    fault = why_stuck(catalogue, row)
    if fault or row["paused_at"]:
        return Line(row, [], fault)
    return Line(row, upcoming(parse_cron(row["cron"], row["timezone"]), now, SHOWN))
