"""Who did what, over HTTP."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from tolva.db.pool import Database
from tolva.web.access.asking import Admin
from tolva.web.access.audit import NoteFilter, notes
from tolva.web.problems import problems

LINE: dict[str, Any] = {
    "id": "0198c5a2-3e5b-7c10-8f2e-5a1f0c9d4b7e",
    "at": "2030-01-31T08:00:00Z",
    "actor": "till of shop 7",
    "key_id": "0198c5a1-10aa-7f3c-9b1d-22c45de0a6f1",
    "action": "load.undo",
    "target": "0198c5a1-7d21-7a90-8c3f-6e0b9f1d2c48",
    "detail": {"job": "0198c5a2-3e5a-7b22-a1d0-0f9e8d7c6b5a"},
}


class Line(BaseModel):
    """Something that somebody did."""

    model_config = ConfigDict(json_schema_extra={"example": LINE})
    id: UUID
    at: datetime
    actor: str = Field(description="The name of the key, or who was at the command line.")
    key_id: UUID | None
    action: str = Field(description="A noun and a verb: `job.cancel`, `key.create`.")
    target: str = Field(description="What it was done to: an id or a name.")
    detail: dict[str, Any]


class Lines(BaseModel):
    """A page of the audit log, newest first.

    With several filters it can be short, or empty, and still have a `next`: so far it looked.
    """

    model_config = ConfigDict(json_schema_extra={"example": {"lines": [LINE], "next": None}})
    lines: list[Line]
    next: UUID | None = Field(description="`before` of the next page; null on the last.")


def audit_router(db: Database) -> APIRouter:
    """`GET /api/v1/audit`."""
    router = APIRouter(prefix="/api/v1/audit", tags=["access"], responses=problems(403))

    @router.get("")
    def get_audit(
        by: Admin,
        before: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
        target: Annotated[str | None, Query(description="Only what was done to this job, key, schema …")] = None,
        actor: Annotated[str | None, Query(description="Only what this one did.")] = None,
        action: Annotated[str | None, Query(description="Only this: `job.cancel`, `key.create` …")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Lines:
        """Who did what, newest first. Each filter narrows."""
        with db.transaction(by.tenant_id) as conn:
            page = notes(conn, NoteFilter(actor, action, target), before=before, most=limit)
        return Lines.model_validate({"lines": page.lines, "next": page.following})

    return router
