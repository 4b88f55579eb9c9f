"""Schedules over HTTP: jobs by the clock."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from tolva.core.job import NewJob, Priority
from tolva.jobs.catalogue import Catalogue
from tolva.jobs.schedule import MOST, Schedule, get_schedule, list_schedules, why_stuck
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Admin, Operator, Viewer
from tolva.web.api.made import MadeJob, made_job
from tolva.web.api.values import Line, NameInPath
from tolva.web.idempotency import IdempotencyKey
from tolva.web.problems import problems
from tolva.web.scheduling import drop_schedule, pause_schedule, put_schedule, resume_schedule, run_schedule

EXAMPLE: dict[str, Any] = {
    "cron": "30 2 * * *",
    "timezone": "America/Bogota",
    "kind": "my_kind",
    "params": {"days": 1},
    "priority": 5,
    "missed": "latest",
    "paused": False,
}
SHOWN_EXAMPLE: dict[str, Any] = {
    "name": "nightly",
    "cron": "30 2 * * *",
    "timezone": "America/Bogota",
    "kind": "my_kind",
    "queue": "my_queue",
    "params": {"days": 1},
    "priority": 5,
    "missed": "latest",
    "paused_at": None,
    "cannot_run": None,
    "last_at": "2026-03-01T07:30:00Z",
    "next_at": "2026-03-02T07:30:00Z",
    "created_at": "2026-02-01T12:00:00Z",
}


class ScheduleIn(BaseModel):
    """When to make which job."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    cron: Annotated[Line, Field(description="Five fields, on the clock of `timezone`.")]
    timezone: Annotated[Line, Field(description="A name of the IANA list.")] = "UTC"
    kind: Annotated[Line, Field(description="One of `GET /api/v1/kinds` with `on_schedule`.")]
    params: dict[str, Any] = {}
    priority: Annotated[int, Field(strict=True, ge=0, le=9, description="0 is served first.")] = Priority.NORMAL
    missed: Annotated[
        Literal["all", "latest"], Field(description="What an outage leaves: every tick of it, or the latest alone.")
    ] = "all"
    paused: Annotated[StrictBool | None, Field(description="Left out: as it is.")] = None

    def schedule(self, name: str) -> Schedule:
        """The same for the job core."""
        job = NewJob(self.kind, self.params, self.priority)
        return Schedule(name, self.cron, self.timezone, job, self.missed, self.paused)


class ScheduleOut(BaseModel):
    """A schedule."""

    model_config = ConfigDict(json_schema_extra={"example": SHOWN_EXAMPLE})
    name: str
    cron: str
    timezone: str
    kind: str
    queue: str
    params: dict[str, Any] = Field(description="In a list, what is short of them.")
    priority: int
    missed: Literal["all", "latest"]
    paused_at: datetime | None
    cannot_run: str | None = Field(description="Why it makes no jobs until somebody mends that.")
    last_at: datetime | None = Field(description="The last tick that made a job.")
    next_at: datetime = Field(description="The tick that is to come, unless it is paused.")
    created_at: datetime


class Schedules(BaseModel):
    """Schedules of the tenant, by name; `next` is the `after` of the following page."""

    model_config = ConfigDict(json_schema_extra={"example": {"schedules": [SHOWN_EXAMPLE], "next": None}})
    schedules: list[ScheduleOut]
    next: str | None


def schedules_router(jobs: Jobs) -> APIRouter:
    """The calls below /api/v1/schedules."""
    router = APIRouter(prefix="/api/v1/schedules", tags=["schedules"], responses=problems(403))

    shown = partial(_shown, jobs.catalogue)

    @router.get("")
    def get_all(
        by: Viewer,
        after: Annotated[Line | None, Query(description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    ) -> Schedules:
        """Lists schedules, by name."""
        with jobs.db.transaction(by.tenant_id) as conn:
            found = list_schedules(conn, after=after or "", most=limit + 1)
        page = [shown(row) for row in found[:limit]]
        return Schedules(schedules=page, next=page[-1].name if len(found) > limit else None)

    @router.get("/{name}", responses=problems(404))
    def get_one(name: NameInPath, by: Viewer) -> ScheduleOut:
        """One schedule."""
        with jobs.db.transaction(by.tenant_id) as conn:
            return shown(get_schedule(conn, name))

    @router.put("/{name}", responses=problems(409))
    def put(name: NameInPath, given: ScheduleIn, by: Admin) -> ScheduleOut:
        """Makes a schedule, or changes it. A new cron or time zone starts from now."""
        return shown(put_schedule(jobs, by, given.schedule(name)))

    @router.delete("/{name}", status_code=204, responses=problems(404))
    def delete(name: NameInPath, by: Admin) -> Response:
        """Ends a schedule. Jobs that it made stay."""
        drop_schedule(jobs, by, name)
        return Response(status_code=204)

    @router.post("/{name}/pause", responses=problems(404))
    def pause(name: NameInPath, by: Operator) -> ScheduleOut:
        """Lets it make no more jobs. Pausing again changes nothing."""
        return shown(pause_schedule(jobs, by, name))

    @router.post("/{name}/resume", responses=problems(404))
    def resume(name: NameInPath, by: Operator) -> ScheduleOut:
        """Lets it go on with its next tick. What passed meanwhile is not made up for."""
        return shown(resume_schedule(jobs, by, name))

    @router.post("/{name}/run", status_code=202, responses=problems(404, 409))
    def run(name: NameInPath, by: Operator, response: Response, key: IdempotencyKey = None) -> MadeJob:
        """Makes its job now, once and beside its ticks."""
        return made_job(run_schedule(jobs, by, name, key), response)

    return router


def _shown(catalogue: Catalogue, row: DictRow) -> ScheduleOut:
    columns: DictRow = row | {"cannot_run": why_stuck(catalogue, row)}
    return ScheduleOut(**{name: columns[name] for name in ScheduleOut.model_fields})
