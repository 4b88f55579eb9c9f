"""Queues over HTTP: how they stand for the tenant, and pausing them for it."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from tolva.errors import NotFound
from tolva.jobs.queue_states import Ended, QueueState, queue_states
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator, Viewer
from tolva.web.access.caller import Caller
from tolva.web.api.counts import Count, count
from tolva.web.api.values import NameInPath
from tolva.web.problems import problems
from tolva.web.steering import pause_for_tenant

SOME, NONE = {"number": 12, "exact": True}, {"number": 0, "exact": True}
EXAMPLE: dict[str, Any] = {
    "name": "bulk_upload",
    "paused_at": None,
    "paused_by": None,
    "ready": SOME,
    "scheduled": NONE,
    "running": NONE,
    "waiting": NONE,
    "oldest_wait": 4.2,
    "next_run": None,
    "last_minute": {"completed": SOME, "failed": NONE, "asked": NONE},
    "last_hour": {"completed": SOME, "failed": NONE, "asked": NONE},
    "weight": 1,
    "rate": None,
    "burst": None,
}


class EndedOut(BaseModel):
    """How many jobs came to an end in a span of time: the rate of the queue."""

    completed: Count
    failed: Count
    asked: Count = Field(description="Of the failed: what left a question open for its sender.")


class QueueOut(BaseModel):
    """A queue, and the tenant's jobs in it."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    name: str
    paused_at: datetime | None
    paused_by: Literal["installation", "tenant"] | None = Field(
        description="`installation`: for everybody, by a command; `tenant`: for this one alone."
    )
    ready: Count
    scheduled: Count = Field(description="They wait for their time, or for another try.")
    running: Count
    waiting: Count = Field(description="They wait for their children.")
    oldest_wait: float | None = Field(description="Seconds since the first of the ready jobs was ready.")
    next_run: datetime | None = Field(description="When the first of the scheduled jobs is ready.")
    last_minute: EndedOut
    last_hour: EndedOut
    weight: float = Field(description="Turns against other tenants' 1. Set by `tolva queue share`.")
    rate: float | None = Field(description="Jobs that may start in a second.")
    burst: float | None = Field(description="Jobs that may start at once after a pause.")


class Queues(BaseModel):
    """All queues, by name."""

    model_config = ConfigDict(json_schema_extra={"example": {"queues": [EXAMPLE]}})
    queues: list[QueueOut]


def queues_router(jobs: Jobs) -> APIRouter:
    """The calls below /api/v1/queues."""
    router = APIRouter(prefix="/api/v1/queues", tags=["queues"], responses=problems(403))

    @router.get("")
    def get_all(by: Viewer) -> Queues:
        """All queues that a worker ever served. The numbers are of the tenant's jobs."""
        with jobs.db.transaction(by.tenant_id) as conn:
            return Queues(queues=[_shown(state) for state in queue_states(conn)])

    @router.get("/{name}", responses=problems(404))
    def get_one(name: NameInPath, by: Viewer) -> QueueOut:
        """One queue."""
        return _one(jobs, by, name)

    @router.post("/{name}/pause", responses=problems(404))
    def pause(name: NameInPath, by: Operator) -> QueueOut:
        """Lets no more of the tenant's jobs start; running ones go on. Other tenants' do not notice."""
        pause_for_tenant(jobs, by, name, paused=True)
        return _one(jobs, by, name)

    @router.post("/{name}/resume", responses=problems(404))
    def resume(name: NameInPath, by: Operator) -> QueueOut:
        """Lets the tenant's jobs start again, unless the whole installation is paused."""
        pause_for_tenant(jobs, by, name, paused=False)
        return _one(jobs, by, name)

    return router


def _one(jobs: Jobs, by: Caller, name: str) -> QueueOut:
    with jobs.db.transaction(by.tenant_id) as conn:
        found = next((state for state in queue_states(conn) if state.name == name), None)
    if found is None:
        raise NotFound(f"There is no queue '{name}'.")
    return _shown(found)


def _shown(state: QueueState) -> QueueOut:
    return QueueOut(
        name=state.name,
        paused_at=state.paused_at,
        paused_by=state.paused_by,
        ready=count(state.ready),
        scheduled=count(state.scheduled),
        running=count(state.running),
        waiting=count(state.waiting),
        oldest_wait=state.oldest_wait,
        next_run=state.next_run,
        last_minute=_ended(state.last_minute),
        last_hour=_ended(state.last_hour),
        weight=state.weight,
        rate=state.rate,
        burst=state.burst,
    )


def _ended(ended: Ended) -> EndedOut:
    return EndedOut(completed=count(ended.completed), failed=count(ended.failed), asked=count(ended.asked))
