"""The worker processes over HTTP, and what they do for the tenant right now."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from tolva.jobs.sql import SQL
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Viewer
from tolva.web.problems import problems
from tolva.web.tenant import DEFAULT_TENANT

EXAMPLE: dict[str, Any] = {
    "id": "01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10",
    "host": "intake-1",
    "pid": 4711,
    "queues": ["bulk_upload"],
    "started_at": "2026-03-01T08:00:00Z",
    "lease_until": "2026-03-01T12:00:09Z",
    "alive": True,
    "running": [
        {
            "id": "01980a40-1111-7222-8333-944455556666",
            "kind": "bulk_upload",
            "queue": "bulk_upload",
            "label": "productos marzo.xlsx · PROV001",
            "since": "2026-03-01T11:59:30Z",
        }
    ],
}


NOT_TOLD: dict[str, Any] = {"host": None, "pid": None}
"""Of the machines, to whoever does not run them."""


class RunningJob(BaseModel):
    """A job that a worker runs now."""

    id: UUID
    kind: str
    queue: str
    label: str | None
    since: datetime


class Worker(BaseModel):
    """A worker process."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    id: UUID
    host: str | None = Field(description=f"Told to administrators of the tenant `{DEFAULT_TENANT}` alone, as is `pid`.")
    pid: int | None = Field(description="Its process id on that host.")
    queues: list[str]
    started_at: datetime
    lease_until: datetime
    alive: bool = Field(description="Whether its lease holds; if not, its jobs go on elsewhere soon.")
    running: list[RunningJob] = Field(description="The tenant's jobs that it runs, longest first.")


class Workers(BaseModel):
    """All worker processes, oldest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"workers": [EXAMPLE]}})
    workers: list[Worker]


def workers_router(jobs: Jobs) -> APIRouter:
    """`GET /api/v1/workers`."""
    router = APIRouter(prefix="/api/v1/workers", tags=["workers"], responses=problems(403))

    @router.get("")
    def get_workers(by: Viewer) -> Workers:
        """All worker processes. They serve every tenant; of their jobs, the tenant's own are told."""
        with jobs.db.transaction(by.tenant_id) as conn:
            rows = conn.execute(SQL["roster"]).fetchall()
        return Workers(workers=[Worker(**(row if by.runs_installation else row | NOT_TOLD)) for row in rows])

    return router
