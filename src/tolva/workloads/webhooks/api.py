"""Webhooks over HTTP."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from tolva.connectors.outward import Outward
from tolva.db.pool import Connection
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Admin
from tolva.web.api.values import Line
from tolva.web.idempotency import IdempotencyKey, IdempotentRequest, once
from tolva.web.problems import problems
from tolva.workloads.webhooks.address import MOST
from tolva.workloads.webhooks.event import EVERY, EventType
from tolva.workloads.webhooks.wanted import MOST_DESCRIPTION, MOST_NAMED, Limits, Wanted
from tolva.workloads.webhooks.webhook import (
    change_webhook,
    create_webhook,
    drop_webhook,
    get_webhook,
    list_webhooks,
    rotate_secret,
)

EXAMPLE: dict[str, Any] = {
    "url": "https://shop.example.com/hooks/tolva",
    "description": "Tells the shop that its products are in.",
    "events": ["job.completed", "job.failed"],
    "kinds": ["bulk_upload"],
    "queues": [],
    "active": True,
}
SHOWN_EXAMPLE: dict[str, Any] = {
    "id": "01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10",
    **EXAMPLE,
    "off_because": None,
    "old_secret_until": None,
    "created_at": "2026-03-01T08:00:00Z",
    "created_by": "admin key",
    "updated_at": "2026-03-01T08:00:00Z",
}
Force = Annotated[bool, Query(description="Also while an older secret still signs, which ends at once.")]
Address = Annotated[str, StringConstraints(min_length=8, max_length=MOST, pattern=r"^[^\x00-\x20\x7f]+$")]
Names = Annotated[list[Line], Field(max_length=MOST_NAMED)]


class WebhookIn(BaseModel):
    """What a webhook is to be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})
    url: Annotated[Address, Field(description="`https://…` or `http://…`, of the public Internet.")]
    description: Annotated[str, StringConstraints(max_length=MOST_DESCRIPTION, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    events: Annotated[list[EventType], Field(min_length=1, max_length=3)] = list(EVERY)
    kinds: Annotated[Names, Field(description="Jobs of these kinds alone; none named is all.")] = []
    queues: Annotated[Names, Field(description="Jobs of these queues alone; none is all.")] = []
    active: StrictBool = True

    def wanted(self) -> Wanted:
        """The same for the store."""
        return Wanted(self.url, self.events, self.kinds, self.queues, self.description, self.active)


class WebhookOut(BaseModel):
    """A webhook. Its secret is never told again."""

    model_config = ConfigDict(json_schema_extra={"example": SHOWN_EXAMPLE})
    id: UUID
    url: str
    description: str
    events: list[EventType]
    kinds: list[str]
    queues: list[str]
    active: bool
    off_because: str | None = Field(description="Why it was switched off, unless somebody did it.")
    old_secret_until: datetime | None = Field(description="Until then deliveries are signed with its old secret, too.")
    created_at: datetime
    created_by: str
    updated_at: datetime


class WebhookWithSecret(WebhookOut):
    """A webhook and its new secret."""

    model_config = ConfigDict(json_schema_extra={"example": {**SHOWN_EXAMPLE, "secret": "whsec_…"}})
    secret: str | None = Field(
        description="Told once. Null when the request came before with this Idempotency-Key: the first answer had it."
    )


class Webhooks(BaseModel):
    """All webhooks of the tenant, oldest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"webhooks": [SHOWN_EXAMPLE]}})
    webhooks: list[WebhookOut]


def webhooks_router(jobs: Jobs, outward: Outward) -> APIRouter:
    """The calls below /api/v1/webhooks."""
    limits = Limits(outward, jobs.catalogue)
    router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"], responses=problems(403))

    @router.get("")
    def get_all(by: Admin) -> Webhooks:
        """All webhooks."""
        with jobs.db.transaction(by.tenant_id) as conn:
            return Webhooks(webhooks=[WebhookOut(**row) for row in list_webhooks(conn)])

    @router.post("", status_code=201, responses=problems(409))
    def create(given: WebhookIn, by: Admin, key: IdempotencyKey = None) -> WebhookWithSecret:
        """Makes a webhook. The answer has its secret, which signs every delivery and is not told again."""
        asked = IdempotentRequest(by, key, "webhook.create", given.model_dump(mode="json"))
        return _once(jobs, asked, lambda conn: create_webhook(conn, by, given.wanted(), limits))

    @router.get("/{id}", responses=problems(404))
    def get_one(id: UUID, by: Admin) -> WebhookOut:
        """One webhook."""
        with jobs.db.transaction(by.tenant_id) as conn:
            return WebhookOut(**get_webhook(conn, id))

    @router.put("/{id}", responses=problems(404))
    def put(id: UUID, given: WebhookIn, by: Admin) -> WebhookOut:
        """Changes a webhook, also to switch it off or on. Its secret stays."""
        with jobs.db.transaction(by.tenant_id) as conn:
            row = change_webhook(conn, by, id, given.wanted(), limits)
        return WebhookOut(**row)

    @router.delete("/{id}", status_code=204, responses=problems(404))
    def delete(id: UUID, by: Admin) -> Response:
        """Deletes a webhook. What waits to be delivered to it is dropped."""
        with jobs.db.transaction(by.tenant_id) as conn:
            drop_webhook(conn, by, id)
        return Response(status_code=204)

    @router.post("/{id}/rotate", responses=problems(404, 409))
    def rotate(id: UUID, by: Admin, key: IdempotencyKey = None, force: Force = False) -> WebhookWithSecret:
        """Gives it a new secret, told once. For a day, deliveries are signed with the old one as well.

        Within that day it is refused, unless `force` ends that old one at once.
        """
        asked = IdempotentRequest(by, key, "webhook.rotate", {"id": str(id), "force": force})
        return _once(jobs, asked, lambda conn: rotate_secret(conn, by, id, force=force))

    return router


def _once(jobs: Jobs, asked: IdempotentRequest, do: Callable[[Connection], tuple[str, DictRow]]) -> WebhookWithSecret:
    """The webhook with its new secret; of what was done before without it."""
    with jobs.db.transaction(asked.by.tenant_id) as conn:

        def make() -> dict[str, Any]:
            secret, row = do(conn)
            return WebhookWithSecret(**row, secret=secret).model_dump(mode="json")

        return WebhookWithSecret(**once(conn, asked, make, secret=("secret",)))
