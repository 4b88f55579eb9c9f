"""What webhooks were told, over HTTP, and a delivery to try one out."""

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Response
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from tolva.core.job import State
from tolva.jobs.store import Enqueued
from tolva.jobs.work import Jobs, Work
from tolva.web.access.asking import Admin
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller
from tolva.web.api.made import MadeJob, made_job
from tolva.web.idempotency import IdempotencyKey
from tolva.web.problems import problems
from tolva.workloads.webhooks.delivery import deliveries, delivery
from tolva.workloads.webhooks.event import TEST
from tolva.workloads.webhooks.webhook import get_webhook

EXAMPLE: dict[str, Any] = {
    "id": "01980a41-0000-7000-8000-000000000001",
    "event": "6f1c6a0e-8a9e-4c39-9f07-0f5a3d0f7a11",
    "type": "job.completed",
    "job": "01980a40-1111-7222-8333-944455556666",
    "state": "queued",
    "tries": 1,
    "code": 503,
    "ms": 212,
    "answer": "down for maintenance",
    "error": "shop.example.com answered 503.",
    "next_try_at": "2026-03-01T12:00:30Z",
    "created_at": "2026-03-01T12:00:00Z",
    "finished_at": None,
}


class DeliveryOut(BaseModel):
    """An event that a webhook was told, or is still to be told."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    id: UUID = Field(description="The header `Tolva-Delivery`, and the id of the job that delivers.")
    event: str
    type: str
    job: str | None = Field(description="The job that it is about.")
    state: State
    tries: int
    code: int | None = Field(description="HTTP status of the last answer.")
    ms: int | None
    answer: str | None = Field(
        description="The beginning of the last answer, or what was in its way. Null once delivered."
    )
    error: str | None
    next_try_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


class Deliveries(BaseModel):
    """Deliveries, newest first. `next` is the `before` of the next page."""

    model_config = ConfigDict(json_schema_extra={"example": {"deliveries": [EXAMPLE], "next": None}})
    deliveries: list[DeliveryOut]
    next: UUID | None


def deliveries_router(jobs: Jobs) -> APIRouter:
    """`GET /webhooks/{id}/deliveries` and `POST /webhooks/{id}/test`."""
    router = APIRouter(prefix="/api/v1/webhooks/{id}", tags=["webhooks"], responses=problems(403, 404))

    @router.get("/deliveries")
    def get_deliveries(
        id: UUID, by: Admin, before: UUID | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> Deliveries:
        """What it was told of late, and how that went."""
        with jobs.db.transaction(by.tenant_id) as conn:
            get_webhook(conn, id)
            found = deliveries(conn, id, before=before, most=limit + 1)
        page = found[:limit]
        return Deliveries(deliveries=[shown(row) for row in page], next=page[-1]["id"] if len(found) > limit else None)

    @router.post("/test", status_code=202, responses=problems(409))
    def test(id: UUID, by: Admin, response: Response, key: IdempotencyKey = None) -> MadeJob:
        """Delivers an event `webhook.test` to it, also when it is switched off."""
        event = f"test {key}" if key else str(uuid4())
        with jobs.work(by.tenant_id) as work:
            made = ask_test(work, by, id, event)
        return made_job(made, response)

    return router


def ask_test(work: Work, by: Caller, id: UUID, event: str) -> Enqueued:
    """Deliver an event to a webhook, to try it out. Raises NotFound."""
    hook = get_webhook(work.conn, id)
    [made] = work.enqueue(delivery(id, hook["url"], event, TEST, datetime.now(UTC), {}))
    if made.created:
        note(work.conn, by, "webhook.test", id, job=made.id)
    return made


def shown(row: DictRow) -> DeliveryOut:
    """A delivery as the API and the pages show it."""
    event, progress = row["event"], row["progress"]
    error: dict[str, str] = row["error"] or {}
    return DeliveryOut(
        id=row["id"],
        event=event["id"],
        type=event["type"],
        job=event["data"].get("id"),
        state=row["state"],
        tries=row["attempt"],
        code=progress.get("code"),
        ms=progress.get("ms"),
        answer=row["answer"],
        error=error.get("message"),
        next_try_at=row["next_try_at"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
    )
