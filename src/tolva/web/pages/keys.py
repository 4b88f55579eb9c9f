"""The page of the keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from tolva.db.pool import Connection, Database
from tolva.errors import InvalidInput
from tolva.web.access.asking import Admin
from tolva.web.access.caller import Caller, Role
from tolva.web.access.granting import end_key, make_key
from tolva.web.access.keys import list_keys
from tolva.web.idempotency import IdempotentRequest, once
from tolva.web.pages.entry import to
from tolva.web.pages.flash import Flash, with_flash
from tolva.web.pages.once import new_token, once_key
from tolva.web.pages.shell import Shell


class Filled(BaseModel):
    """The form of a new key as it was sent. Without days it never ends."""

    name: str = ""
    role: Role = Role.VIEWER
    days: Annotated[str, Field(pattern=r"^\d{0,4}$")] = ""
    token: str = ""


PAGE = 50
"""Keys of a page."""
AT_FIRST = Filled(role=Role.OPERATOR, days="90")
"""What the form shows to begin with."""
FIRST_KEY = Filled(role=Role.ADMIN)
"""The same as long as there is no key: with another role, or after its end, nobody would get to this page."""


def keys_pages(shell: Shell, db: Database) -> APIRouter:
    """`/keys`."""
    router = APIRouter(prefix="/keys", include_in_schema=False)
    page = KeysPage(shell, db)

    @router.get("")
    def keys(request: Request, by: Admin, before: UUID | None = None, first: UUID | None = None) -> Response:
        return page.show(request, by, before=_after(first) if first else before)

    @router.post("")
    def create(request: Request, by: Admin, filled: Annotated[Filled, Form()]) -> Response:
        try:
            made = _create(db, by, filled)
        except InvalidInput as error:
            return page.show(request, by, 400, fault=str(error), wanted=filled)
        return page.show(request, by, 201, made=made)

    @router.post("/{id}/revoke")
    def revoke(request: Request, id: UUID, by: Admin, back: Annotated[str, Form()] = "/keys") -> Response:
        with db.transaction(by.tenant_id) as conn:
            row = end_key(conn, by, id)
        return with_flash(request, to(back), Flash("revoked", name=row["name"]))

    return router


@dataclass(frozen=True)
class KeysPage:
    """The list, and the form for another key below it."""

    shell: Shell
    db: Database

    def show(
        self,
        request: Request,
        by: Caller,
        status: int = 200,
        *,
        made: Mapping[str, Any] | None = None,
        fault: str | None = None,
        wanted: Filled | None = None,
        before: UUID | None = None,
    ) -> Response:
        """The page. `made` is a new key with its secret, `fault` what is wrong with the one that was `wanted`."""
        with self.db.transaction(by.tenant_id) as conn:
            found = _listed(conn, before)
        return self.shell.page(
            request,
            by,
            "keys.html",
            status,
            before=before,
            fault=fault,
            keys=found[:PAGE],
            made=made,
            more=len(found) > PAGE,
            token=new_token(),
            wanted=wanted or (AT_FIRST if by.key_id else FIRST_KEY),
        )


def _create(db: Database, by: Caller, filled: Filled) -> Mapping[str, Any]:
    """Its id and secret. Sent twice, as by a reload, it is made once, and the second answer has no secret."""
    given = filled.model_dump(mode="json", exclude={"token"})
    asked = IdempotentRequest(by, once_key(filled.token, "key.create", given), "key.create", given)
    expires = datetime.now(UTC) + timedelta(days=int(filled.days)) if filled.days else None
    with db.transaction(by.tenant_id) as conn:

        def make() -> Mapping[str, Any]:
            made, row = make_key(conn, by, filled.name, filled.role, expires)
            return {"id": str(row["id"]), "secret": made.text}

        return once(conn, asked, make, secret=("secret",))


def _listed(conn: Connection, before: UUID | None) -> list[dict[str, Any]]:
    """A page and one more."""
    now, rows = datetime.now(UTC), list_keys(conn, before=before, most=PAGE + 1)
    return [row | {"over": bool(row["expires_at"] and row["expires_at"] <= now)} for row in rows]


def _after(id: UUID) -> UUID:
    """The id that follows, before which a list begins with `id`.

    >>> str(_after(UUID(int=7)))
    '00000000-0000-0000-0000-000000000008'
    """
    return UUID(int=min(id.int + 1, 2**128 - 1))
