"""Webhooks: who is told when jobs end, signed, retried, and never where only we can reach."""

from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter

from tolva.connectors.blobs import Blobs
from tolva.connectors.outward import Outward
from tolva.db.pool import Database
from tolva.jobs.catalogue import Handler
from tolva.jobs.upkeep import Chore
from tolva.jobs.work import Jobs
from tolva.settings import Settings
from tolva.web.access.caller import Role
from tolva.web.pages.panel import Panels
from tolva.web.pages.shell import NavItem, Shell
from tolva.workloads.webhooks.api import webhooks_router
from tolva.workloads.webhooks.buttons import webhook_buttons
from tolva.workloads.webhooks.deeds import WEBHOOK_DEEDS
from tolva.workloads.webhooks.deliver import deliver
from tolva.workloads.webhooks.deliveries_api import deliveries_router
from tolva.workloads.webhooks.delivery import QUEUE
from tolva.workloads.webhooks.event import KIND
from tolva.workloads.webhooks.pages import webhook_pages
from tolva.workloads.webhooks.panel import WEBHOOK_PANEL
from tolva.workloads.webhooks.upkeep import webhook_chores
from tolva.workloads.webhooks.wanted import Limits
from tolva.workloads.workload import Workload


def outward(settings: Settings) -> Outward:
    """Where webhooks may lead."""
    return Outward(settings.webhooks_private)


def _handlers(settings: Settings, _blobs: Blobs) -> Sequence[Handler]:
    return [Handler(KIND, QUEUE, partial(deliver, outward=outward(settings)), asked_for=False)]


def _routers(settings: Settings, jobs: Jobs, _blobs: Blobs) -> Sequence[APIRouter]:
    return [webhooks_router(jobs, outward(settings)), deliveries_router(jobs)]


def _chores(settings: Settings, db: Database, _blobs: Blobs) -> Sequence[Chore]:
    return webhook_chores(settings, db)


def _pages(settings: Settings, jobs: Jobs, _blobs: Blobs, shell: Shell, panels: Panels) -> Sequence[APIRouter]:
    limits = Limits(outward(settings), jobs.catalogue)
    return [webhook_pages(jobs, shell, panels, limits), webhook_buttons(jobs, limits)]


NAV = (NavItem("/webhooks", "Webhooks", Role.ADMIN),)

WEBHOOKS = Workload(
    "tolva.workloads.webhooks", _handlers, _routers, _chores, _pages, NAV, (WEBHOOK_PANEL,), WEBHOOK_DEEDS
)
