"""The page of the keys."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from tolva.db.pool import Connection, Database
from tolva.errors import InvalidInput
from tolva.web.access.asking import Admin
from tolva.web.access.audit import note
from tolva.web.access.caller import Role
from tolva.web.access.keys import NewKey, create_key, list_keys, revoke_key
from tolva.web.pages.entry import to
from tolva.web.pages.shell import Shell


@dataclass(frozen=True)
class Wanted:
    """What the form holds: at first, and after a fault what was given."""

    name: str = ""
    role: Role = Role.OPERATOR
    days: str = "90"


def keys_pages(shell: Shell, db: Database) -> APIRouter:
    """`/keys`."""
    router = APIRouter(prefix="/keys", include_in_schema=False)

    @router.get("")
    def keys(request: Request, by: Admin) -> Response:
        with db.transaction(by.tenant_id) as conn:
            listed = _listed(conn)
        return shell.page(request, by, "keys.html", keys=listed, secret=None, fault=None, wanted=Wanted())

    @router.post("")
    def create(
        request: Request,
        by: Admin,
        name: Annotated[str, Form()] = "",
        role: Annotated[Role, Form()] = Role.VIEWER,
        days: Annotated[str, Form(pattern=r"^\d{0,4}$")] = "",
    ) -> Response:
        expires = datetime.now(UTC) + timedelta(days=int(days)) if days else None
        secret, fault = None, None
        with db.transaction(by.tenant_id) as conn:
            try:
                made, row = create_key(conn, NewKey(by.tenant_id, name, role, by.actor, expires))
                note(conn, by, "key.create", row["id"], name=name, role=role)
                secret = made.text
            except InvalidInput as error:
                fault = str(error)
            listed = _listed(conn)
        wanted = Wanted(name, role, days) if fault else Wanted()
        status = 400 if fault else 201
        return shell.page(request, by, "keys.html", status, keys=listed, secret=secret, fault=fault, wanted=wanted)

    @router.post("/{id}/revoke")
    def revoke(id: UUID, by: Admin) -> Response:
        with db.transaction(by.tenant_id) as conn:
            row = revoke_key(conn, id)
            note(conn, by, "key.revoke", id, name=row["name"])
        return to("/keys")

    return router


def _listed(conn: Connection) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    return [row | {"over": bool(row["expires_at"] and row["expires_at"] <= now)} for row in list_keys(conn)]
