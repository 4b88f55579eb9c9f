"""The pages of the webhooks: all of them, and one with what it was told."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from tolva.errors import Conflict
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Admin
from tolva.web.access.caller import Caller
from tolva.web.idempotency import IdempotentRequest, once
from tolva.web.pages.once import new_token, once_key
from tolva.web.pages.panel import Panels
from tolva.web.pages.shell import Shell
from tolva.workloads.webhooks.deliveries_api import shown
from tolva.workloads.webhooks.delivery import deliveries
from tolva.workloads.webhooks.event import EVERY, EventType
from tolva.workloads.webhooks.wanted import Limits, Wanted
from tolva.workloads.webhooks.webhook import create_webhook, get_webhook, list_webhooks, rotate_secret

RECENT = 30
"""Deliveries that the page of a webhook lists."""
NO_FAULTS: Mapping[str, str] = MappingProxyType({})


class Filled(BaseModel):
    """The form of a new webhook as it was sent."""

    url: str = ""
    description: str = ""
    event: list[EventType] = []
    kind: list[str] = []
    token: str = ""

    def wanted(self) -> Wanted:
        """The same for the store."""
        return Wanted(self.url.strip(), self.event, self.kind, description=self.description.strip())


class Rotation(BaseModel):
    """The button for a new secret; `force` where it says that an older one ends."""

    token: str = ""
    force: bool = False


def webhook_pages(jobs: Jobs, shell: Shell, panels: Panels, limits: Limits) -> APIRouter:
    """`/webhooks` and `/webhooks/{id}`."""
    router = APIRouter(prefix="/webhooks", include_in_schema=False)
    pages = WebhookPages(jobs, shell, panels, limits)

    @router.get("")
    def get_all(request: Request, by: Admin) -> Response:
        return pages.every(request, by, Filled(event=list(EVERY)))

    @router.post("")
    def create(request: Request, by: Admin, filled: Annotated[Filled, Form()]) -> Response:
        if faults := filled.wanted().faults(limits):
            return pages.every(request, by, filled, 400, faults)
        try:
            made = _create(jobs, limits, by, filled)
        except Conflict as error:
            return pages.every(request, by, filled, 409, {"all": str(error)})
        return pages.one(request, by, UUID(made["id"]), made)

    @router.get("/{id}")
    def get_one(request: Request, id: UUID, by: Admin) -> Response:
        return pages.one(request, by, id)

    @router.post("/{id}/rotate")
    def rotate(request: Request, id: UUID, by: Admin, filled: Annotated[Rotation, Form()]) -> Response:
        return pages.one(request, by, id, _rotate(jobs, by, id, filled))

    return router


@dataclass(frozen=True)
class WebhookPages:
    """The list with the form for another one below it, and the page of one."""

    jobs: Jobs
    shell: Shell
    panels: Panels
    limits: Limits

    @property
    def kinds(self) -> Mapping[str, str]:
        """The kinds of jobs that one can be about, with their titles."""
        titles = self.panels.titles(self.jobs.catalogue)
        return {kind: titles[kind] for kind in self.limits.kinds}

    def every(
        self, request: Request, by: Caller, filled: Filled, status: int = 200, faults: Mapping[str, str] = NO_FAULTS
    ) -> Response:
        """The list. `faults` are told with the fields that they are of, and that of `all` above the form."""
        with self.jobs.db.transaction(by.tenant_id) as conn:
            hooks = list_webhooks(conn)
        told: dict[str, Any] = {
            "hooks": hooks,
            "events": EVERY,
            "kinds": self.kinds,
            "filled": filled,
            "faults": faults,
        }
        return self.shell.page(request, by, "webhooks/webhooks.html", status, **told, token=new_token())

    def one(self, request: Request, by: Caller, id: UUID, made: Mapping[str, Any] | None = None) -> Response:
        """One webhook with its latest deliveries; `made` has a new secret of it."""
        with self.jobs.db.transaction(by.tenant_id) as conn:
            hook = get_webhook(conn, id)
            latest = [shown(row) for row in deliveries(conn, id, most=RECENT)]
        told: dict[str, Any] = {"hook": hook, "deliveries": latest, "kinds": self.kinds, "made": made}
        return self.shell.page(request, by, "webhooks/webhook.html", **told, token=new_token())


def _create(jobs: Jobs, limits: Limits, by: Caller, filled: Filled) -> Mapping[str, Any]:
    """Its id and secret. Sent twice, it is made once, and the second answer has no secret."""
    with jobs.db.transaction(by.tenant_id) as conn:

        def make() -> Mapping[str, Any]:
            secret, row = create_webhook(conn, by, filled.wanted(), limits)
            return {"id": str(row["id"]), "secret": secret, "overlaps": False}

        given = filled.model_dump(exclude={"token"})
        return once(conn, _asked(by, filled.token, "webhook.create", given), make, secret=("secret",))


def _rotate(jobs: Jobs, by: Caller, id: UUID, filled: Rotation) -> Mapping[str, Any]:
    """Its new secret. Sent twice, as by a reload, there is one new secret, which the second answer has not."""
    with jobs.db.transaction(by.tenant_id) as conn:

        def make() -> Mapping[str, Any]:
            secret, _ = rotate_secret(conn, by, id, force=filled.force)
            return {"secret": secret, "overlaps": True}

        given = {"id": str(id), "force": filled.force}
        return once(conn, _asked(by, filled.token, "webhook.rotate", given), make, secret=("secret",))


def _asked(by: Caller, token: str, what: str, given: Mapping[str, Any]) -> IdempotentRequest:
    return IdempotentRequest(by, once_key(token, what, given), what, given)
