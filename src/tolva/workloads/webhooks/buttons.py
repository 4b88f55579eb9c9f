"""What the buttons of a webhook ask for."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Form
from psycopg.rows import DictRow
from starlette.requests import Request
from starlette.responses import Response

from tolva.jobs.work import Jobs
from tolva.web.access.asking import Admin
from tolva.web.access.caller import Caller
from tolva.web.pages.entry import to
from tolva.web.pages.flash import Flash, with_flash
from tolva.web.pages.once import once_key
from tolva.workloads.webhooks.address import host_of
from tolva.workloads.webhooks.deliveries_api import ask_test
from tolva.workloads.webhooks.wanted import Limits
from tolva.workloads.webhooks.webhook import drop_webhook, get_webhook, switch_webhook


def webhook_buttons(jobs: Jobs, limits: Limits) -> APIRouter:
    """`POST /webhooks/{id}/…`; the button for a new secret is with the pages, which show it."""
    router = APIRouter(prefix="/webhooks/{id}", include_in_schema=False)

    def switched(request: Request, by: Caller, id: UUID, *, active: bool) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            row = switch_webhook(conn, by, id, limits, active=active)
        return with_flash(request, to(f"/webhooks/{id}"), Flash("on" if active else "off", name=_name(row)))

    @router.post("/test")
    def test(id: UUID, by: Admin, token: Annotated[str, Form()] = "") -> Response:
        with jobs.work(by.tenant_id) as work:
            ask_test(work, by, id, once_key(token, "webhook.test") or str(uuid4()))
        return to(f"/webhooks/{id}#deliveries")

    @router.post("/off")
    def off(request: Request, id: UUID, by: Admin) -> Response:
        return switched(request, by, id, active=False)

    @router.post("/on")
    def on(request: Request, id: UUID, by: Admin) -> Response:
        return switched(request, by, id, active=True)

    @router.post("/delete")
    def delete(request: Request, id: UUID, by: Admin) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            row = get_webhook(conn, id)
            drop_webhook(conn, by, id)
        return with_flash(request, to("/webhooks"), Flash("dropped", name=_name(row)))

    return router


def _name(row: DictRow) -> str:
    """What a cookie may tell: the rest of an address may hold a secret."""
    return row["description"] or host_of(row["url"])
