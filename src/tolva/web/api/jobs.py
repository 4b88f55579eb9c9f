"""Jobs of every kind: listed, looked at, cancelled, retried. `stream` follows one, `bulk` steers many."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict

from tolva.core.job import JobId, State
from tolva.jobs import store
from tolva.jobs.listing import JobFilter, list_jobs
from tolva.jobs.sql import SQL
from tolva.jobs.waiting import why_waiting
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator, Viewer
from tolva.web.api.job_view import EXAMPLE, Job, Summary, in_utc, job_view, summary_view, why_view
from tolva.web.api.values import Moment, Seq
from tolva.web.details import error_for
from tolva.web.etag import UNCHANGED, IfNoneMatch, unchanged
from tolva.web.located import job_address, locate
from tolva.web.problems import problems
from tolva.web.steering import cancel_job, retry_job

EVENT: dict[str, Any] = {"seq": 2, "at": "2026-11-28T14:30:00.310000+00:00", "type": "running", "data": {"attempt": 1}}
Limit = Annotated[int, Query(ge=1, le=500)]
ENDED_SINCE = (
    "Only what came to an end since then. Where very much did, a page can be short, or empty, and `next` lead on."
)
OPEN_QUESTION = "True: only what failed because its file left a question open which nobody has answered."


class Listed(BaseModel):
    """A page of jobs, newest first; `next` is the `before` of the following page.

    With `search`, `ended_since`, `parent` or `open_question` a page can be short, or empty, and still have a `next`: so
    far it looked.
    """

    model_config = ConfigDict(json_schema_extra={"example": {"jobs": [EXAMPLE], "next": None}})
    jobs: list[Summary]
    next: str | None


class Event(BaseModel):
    """Something that happened to a job."""

    seq: int
    at: str
    type: str
    data: dict[str, Any] | None


class Events(BaseModel):
    """What happened to a job, in order; `next` is the `after` of the following page."""

    model_config = ConfigDict(json_schema_extra={"example": {"events": [EVENT], "next": None}})
    events: list[Event]
    next: int | None


class Steered(BaseModel):
    """What a job is after it was told something. `running`: it was told to stop, and stops at its next step."""

    model_config = ConfigDict(json_schema_extra={"example": {"id": EXAMPLE["id"], "state": "cancelled"}})
    id: str
    state: State


@dataclass(frozen=True)
class Asked:
    """Which page of which jobs."""

    wanted: JobFilter
    before: JobId | None
    limit: int


async def _asked(
    state: Annotated[list[State] | None, Query()] = None,
    queue: Annotated[list[str] | None, Query()] = None,
    kind: Annotated[list[str] | None, Query()] = None,
    created_from: Moment | None = None,
    created_before: Moment | None = None,
    search: Annotated[str | None, Query(max_length=200, description="Words of the label, or an id.")] = None,
    parent: UUID | None = None,
    ended_since: Annotated[Moment | None, Query(description=ENDED_SINCE)] = None,
    open_question: Annotated[bool, Query(description=OPEN_QUESTION)] = False,
    before: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> Asked:
    """From the address; async, since it does not wait for anything and needs no thread."""
    given = tuple(state or ()), tuple(queue or ()), tuple(kind or ())
    family = JobId(str(parent)) if parent else None
    wanted = JobFilter(*given, created_from, created_before, search, family, ended_since, open_question)
    return Asked(wanted, JobId(str(before)) if before else None, limit)


def jobs_router(jobs: Jobs) -> APIRouter:
    """The calls below /api/v1/jobs, for any kind of job."""
    router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

    @router.get("", response_model=Listed)
    def get_jobs(by: Viewer, asked: Annotated[Asked, Depends(_asked)]) -> dict[str, Any]:
        """Lists jobs, newest first. Each filter narrows; several values of one widen."""
        with jobs.db.transaction(by.tenant_id) as conn:
            page = list_jobs(conn, by.tenant_id, asked.wanted, before=asked.before, most=asked.limit)
        return {"jobs": [summary_view(row) for row in page.jobs], "next": page.following}

    @router.get("/{id}", response_model=Job, responses=problems(404) | UNCHANGED)
    def get_job(id: UUID, by: Viewer, response: Response, if_none_match: IfNoneMatch = None) -> Any:
        """One job, and why it waits, if it does. Its ETag changes with it."""
        with jobs.db.transaction(by.tenant_id) as conn:
            row = store.get_job(conn, JobId(str(id)))
            reason = why_waiting(conn, row)
        waits_for, error = why_view(reason), error_for(by, row["error"])
        version = row["seq"], waits_for, error
        return unchanged(response, version, if_none_match) or job_view(row) | {"waits_for": waits_for, "error": error}

    @router.get("/{id}/events", response_model=Events, responses=problems(404))
    def get_events(id: UUID, by: Viewer, after: Seq = 0, limit: Limit = 100) -> dict[str, Any]:
        """What happened to it, from the beginning or after an event."""
        with jobs.db.transaction(by.tenant_id) as conn:
            store.get_job(conn, JobId(str(id)))
            found = conn.execute(SQL["events_after"], {"id": id, "after": after, "most": limit + 1}).fetchall()
        page = [row | {"at": in_utc(row["at"])} for row in found[:limit]]
        return {"events": page, "next": page[-1]["seq"] if len(found) > limit else None}

    @router.post("/{id}/cancel", response_model=Steered, status_code=202, responses=problems(403, 404, 409))
    def cancel(id: UUID, by: Operator, response: Response) -> dict[str, Any]:
        """Ends it and its children: at once what waits, at its next step what runs."""
        locate(response, job_address(id))
        return {"id": str(id), "state": cancel_job(jobs, by, JobId(str(id)))}

    @router.post("/{id}/retry", response_model=Steered, status_code=202, responses=problems(403, 404, 409))
    def retry(id: UUID, by: Operator, response: Response) -> dict[str, Any]:
        """Queues it again after it failed or was cancelled; it goes on at its last checkpoint."""
        locate(response, job_address(id))
        retry_job(jobs, by, JobId(str(id)))
        return {"id": str(id), "state": State.QUEUED}

    return router
