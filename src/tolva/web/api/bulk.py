"""Many jobs at once over HTTP: queued again, or cancelled, with a count beforehand."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from tolva.core.job import JobId, State
from tolva.db.pool import Connection
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator
from tolva.web.access.caller import Caller
from tolva.web.api.chosen import Chosen, ChosenJobs
from tolva.web.met import MOST, Met, met_jobs, named_jobs
from tolva.web.portions import Tally, in_portions
from tolva.web.problems import problems
from tolva.web.steering import BulkDeed, cancel_jobs, replay_jobs

ENDED_BADLY = State.FAILED, State.CANCELLED
OPEN = State.QUEUED, State.RUNNING, State.WAITING


class Found(BaseModel):
    """What a call for many found."""

    dry_run: bool
    matching: int = Field(description=f"Jobs that were met, at most {MOST:,}; fewer where the database gave out.")
    next: str | None = Field(description="`before` of the call that goes on behind these; null: there are no more.")
    left: int = Field(description="Met, and not done: in a dry run all; else what changed or was taken meanwhile.")

    @staticmethod
    def told(chosen: Chosen, tally: Tally) -> dict[str, Any]:
        """The fields that every such answer has."""
        return {"dry_run": chosen.dry_run, "matching": tally.matching, "next": tally.next, "left": tally.left}


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
        tally = steered(jobs, by, chosen, lambda conn: _met(conn, by, chosen, ENDED_BADLY), replay_jobs)
        return Replayed(**Found.told(chosen, tally), replayed=tally.done)

    @router.post("/cancel")
    def cancel_many(chosen: ChosenJobs, by: Operator) -> CancelledMany:
        """Ends jobs and their children: at once what waits, at its next step what runs."""
        tally = steered(jobs, by, chosen, lambda conn: _met(conn, by, chosen, OPEN), cancel_jobs)
        return CancelledMany(**Found.told(chosen, tally), cancelled=tally.done)

    return router


def steered(jobs: Jobs, by: Caller, chosen: Chosen, meet: Callable[[Connection], Met], deed: BulkDeed) -> Tally:
    """Do it to the jobs that are met, unless that is only to be counted."""
    with jobs.db.transaction(by.tenant_id) as conn:
        met = meet(conn)
    return in_portions(met, lambda portion: deed(jobs, by, portion), dry_run=chosen.dry_run)


def _met(conn: Connection, by: Caller, chosen: ChosenJobs, possible: tuple[State, ...]) -> Met:
    before = JobId(str(chosen.before)) if chosen.before else None
    if chosen.jobs is not None:
        return named_jobs(conn, chosen.jobs, possible, before)
    wanted = chosen.filter(possible)
    return met_jobs(conn, by.tenant_id, wanted, before) if wanted else Met()
