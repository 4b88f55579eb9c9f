"""Keys over HTTP: made, listed, revoked."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from tolva.db.pool import Database
from tolva.web.access.asking import Admin
from tolva.web.access.caller import Role
from tolva.web.access.granting import end_key, make_key
from tolva.web.access.keys import MOST_NAME, list_keys
from tolva.web.api.values import Moment
from tolva.web.idempotency import IdempotencyKey, IdempotentRequest, once
from tolva.web.problems import problems

WANTED: dict[str, Any] = {"name": "till of shop 7", "role": "operator", "expires_at": "2031-01-31T00:00:00Z"}
SHOWN: dict[str, Any] = WANTED | {
    "id": "0198c5a2-3e5b-7c10-8f2e-5a1f0c9d4b7e",
    "beginning": "tolva_Xw2k9Q",
    "created_at": "2030-01-31T08:00:00Z",
    "created_by": "ana, command line",
    "revoked_at": None,
    "last_used_at": None,
}


class WantedKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": WANTED})
    name: Annotated[str, Field(min_length=1, max_length=MOST_NAME, description="Who or what it is for.")]
    role: Role
    expires_at: Annotated[Moment | None, Field(description="When it ends by itself; null: never.")] = None


class Key(BaseModel):
    """A key, without its secret."""

    model_config = ConfigDict(json_schema_extra={"example": SHOWN})
    id: UUID
    name: str
    role: Role
    beginning: str = Field(description="Its first characters, to tell it from others.")
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")


class MadeKey(Key):
    """A key with its secret, which is shown this once."""

    model_config = ConfigDict(json_schema_extra={"example": SHOWN | {"key": "tolva_Xw2k9Q…"}})
    key: str | None = Field(
        description="Keep it now: only its hash is stored. Null when the request came before with this Idempotency-Key."
    )


class Keys(BaseModel):
    """A page of the tenant's keys, newest first."""

    model_config = ConfigDict(json_schema_extra={"example": {"keys": [SHOWN], "next": None}})
    keys: list[Key]
    next: UUID | None = Field(description="`before` of the next page; null on the last.")


def keys_router(db: Database) -> APIRouter:
    """The calls below /api/v1/keys."""
    router = APIRouter(prefix="/api/v1/keys", tags=["access"], responses=problems(403))

    @router.get("")
    def get_keys(
        by: Admin,
        before: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Keys:
        """The tenant's keys, newest first, also those that are revoked."""
        with db.transaction(by.tenant_id) as conn:
            found = list_keys(conn, before=before, most=limit + 1)
        page = found[:limit]
        return Keys.model_validate({"keys": page, "next": page[-1]["id"] if len(found) > limit else None})

    @router.post("", status_code=201, responses=problems(409))
    def post_key(wanted: WantedKey, by: Admin, key: IdempotencyKey = None) -> MadeKey:
        """Makes a key. Its secret is in this answer and nowhere else."""
        with db.transaction(by.tenant_id) as conn:

            def make() -> dict[str, Any]:
                secret, row = make_key(conn, by, wanted.name, wanted.role, wanted.expires_at)
                return MadeKey.model_validate(row | {"key": secret.text}).model_dump(mode="json")

            asked = IdempotentRequest(by, key, "key.create", wanted.model_dump(mode="json"))
            return MadeKey.model_validate(once(conn, asked, make, secret=("key",)))

    @router.delete("/{id}", responses=problems(404))
    def delete_key(id: UUID, by: Admin) -> Key:
        """Ends a key at once, and the logins made with it. It stays in the list; revoking it again changes nothing."""
        with db.transaction(by.tenant_id) as conn:
            row = end_key(conn, by, id)
        return Key.model_validate(row)

    return router
