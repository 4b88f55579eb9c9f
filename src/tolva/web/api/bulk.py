"""Many jobs at once over HTTP: queued again, or cancelled, with a count beforehand."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from tolva.core.job import JobId, State
from tolva.db.pool import Connection
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator
from tolva.web.access.caller import Caller
from tolva.web.api.chosen import ChosenJobs
from tolva.web.portions import MOST, Met, met_jobs, named_jobs, steer
from tolva.web.problems import problems
from tolva.web.steering import cancel_jobs, replay_jobs

ENDED_BADLY = State.FAILED, State.CANCELLED
OPEN = State.QUEUED, State.RUNNING, State.WAITING


class Found(BaseModel):
    """What a call for many found."""

    dry_run: bool
    matching: int = Field(description=f"Jobs that were met, at most {MOST:,}; fewer where the database gave out.")
    next: str | None = Field(description="`before` of the call that goes on behind these; null: there are no more.")
    left: int = Field(description="Met, and not done: in a dry run all; else what changed or was taken meanwhile.")


class Replayed(Found):
    """Jobs that were queued again."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"dry_run": False, "matching": 3, "next": None, "left": 1, "replayed": 2}}
    )
    replayed: int


class Dismissed(Found):
    """Dead letters that were taken off the list."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"dry_run": False, "matching": 3, "next": None, "left": 0, "dismissed": 3}}
    )
    dismissed: int


class CancelledMany(Found):
    """Jobs that were cancelled, or told to stop."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"dry_run": False, "matching": 3, "next": None, "left": 0, "cancelled": 3}}
    )
    cancelled: int


def bulk_router(jobs: Jobs) -> APIRouter:
    """`POST /api/v1/jobs/replay` and `POST /api/v1/jobs/cancel`."""
    router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"], responses=problems(403))

    @router.post("/replay")
    def replay_many(chosen: ChosenJobs, by: Operator) -> Replayed:
        """Queues failed and cancelled jobs again, each from its last checkpoint."""
        with jobs.db.transaction(by.tenant_id) as conn:
            found = _found(conn, by, chosen, ENDED_BADLY)
        done = steer(found, lambda portion: replay_jobs(jobs, by, portion), dry_run=chosen.dry_run)
        return Replayed(
            dry_run=chosen.dry_run,
            matching=done.matching,
            next=done.next,
            left=done.left,
            replayed=done.done,
        )

    @router.post("/cancel")
    def cancel_many(chosen: ChosenJobs, by: Operator) -> CancelledMany:
        """Ends jobs and their children: at once what waits, at its next step what runs."""
        with jobs.db.transaction(by.tenant_id) as conn:
            found = _found(conn, by, chosen, OPEN)
        done = steer(found, lambda portion: cancel_jobs(jobs, by, portion), dry_run=chosen.dry_run)
        return CancelledMany(
            dry_run=chosen.dry_run,
            matching=done.matching,
            next=done.next,
            left=done.left,
            cancelled=done.done,
        )

    return router


def _found(conn: Connection, by: Caller, chosen: ChosenJobs, possible: tuple[State, ...]) -> Met:
    before = JobId(str(chosen.before)) if chosen.before else None
    if chosen.jobs is not None:
        return named_jobs(conn, chosen.jobs, possible, before)
    wanted = chosen.filter(possible)
    return met_jobs(conn, by.tenant_id, wanted, before) if wanted else Met()
