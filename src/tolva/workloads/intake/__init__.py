"""Files that come in: accepted at once, loaded by a job, rehearsed or undone by others. For any schema."""

from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter

from tolva.connectors.blobs import Blobs
from tolva.connectors.destinations import Destinations
from tolva.connectors.s3.configured import configured_bucket
from tolva.core.extras import imported
from tolva.core.job import Queue
from tolva.jobs.catalogue import Handler
from tolva.jobs.inbox import Inbox
from tolva.jobs.work import Jobs
from tolva.settings import Settings
from tolva.web.access.caller import Role
from tolva.web.pages.panel import Panels
from tolva.web.pages.shell import NavItem, Shell
from tolva.web.seats import Seats
from tolva.workloads.intake.accept import LOAD, REHEARSE
from tolva.workloads.intake.api import intake_router
from tolva.workloads.intake.deeds import INTAKE_DEEDS
from tolva.workloads.intake.load import load_upload
from tolva.workloads.intake.mappings_api import mappings_router
from tolva.workloads.intake.original_api import original_router
from tolva.workloads.intake.pages.panel import INTAKE_PANEL
from tolva.workloads.intake.pages.routes import intake_pages
from tolva.workloads.intake.rehearse import rehearse_upload
from tolva.workloads.intake.results_api import results_router
from tolva.workloads.intake.resumable.api import resumable_router
from tolva.workloads.intake.s3_inbox.panel import S3_PANEL
from tolva.workloads.intake.s3_inbox.take_in import TAKE_IN, take_in
from tolva.workloads.intake.schemas import configured_defaults
from tolva.workloads.intake.schemas_api import schemas_router
from tolva.workloads.intake.undo import UNDO
from tolva.workloads.intake.undo_load import undo_load
from tolva.workloads.intake.upkeep import intake_chores
from tolva.workloads.intake.uploads_api import uploads_router
from tolva.workloads.workload import Workload

# A million rows take minutes, not hours; whoever needs more is resumed at the checkpoint.
QUEUE = Queue("bulk_upload", slots=2, soft_limit=3600, hard_limit=3900, max_attempts=3)
READERS = 2
"""Stored files that a process of the API reads at once, for previews and workbooks of errors; each may take as much
memory as a load."""
LOOKERS = 1
"""The same for the pages, whose readers need not wait for programs."""


def _handlers(settings: Settings, blobs: Blobs) -> Sequence[Handler]:
    where = {"destinations": Destinations(settings.destinations), "defaults": configured_defaults(settings)}
    most, open_bucket = settings.upload_max_mb * 1024**2, partial(configured_bucket, settings)
    return [
        Handler(TAKE_IN, QUEUE, partial(take_in, blobs=blobs, open_bucket=open_bucket, most=most)),
        Handler(LOAD, QUEUE, partial(load_upload, blobs=blobs, **where)),
        Handler(REHEARSE, QUEUE, partial(rehearse_upload, blobs=blobs, **where)),
        Handler(UNDO, QUEUE, partial(undo_load, **where)),
    ]


def _inboxes(settings: Settings) -> Sequence[Inbox]:
    if not settings.s3_events_queue_name:
        return []
    return [imported("tolva.workloads.intake.s3_inbox.inbox", "sqs").S3Inbox(settings)]


def _routers(settings: Settings, jobs: Jobs, blobs: Blobs) -> Sequence[APIRouter]:
    seats, defaults = Seats(READERS), configured_defaults(settings)
    return [
        uploads_router(jobs, blobs, seats, defaults),
        intake_router(jobs, blobs, settings.upload_max_mb * 1024**2),
        original_router(jobs, blobs),
        resumable_router(jobs, blobs, settings.upload_max_mb * 1024**2),
        results_router(jobs, blobs, seats),
        schemas_router(jobs, Destinations(settings.destinations), defaults),
        mappings_router(jobs),
    ]


def _pages(settings: Settings, jobs: Jobs, blobs: Blobs, shell: Shell, _panels: Panels) -> Sequence[APIRouter]:
    most_bytes = settings.upload_max_mb * 1024**2
    return intake_pages(jobs, blobs, most_bytes, Seats(LOOKERS), shell, configured_defaults(settings))


NAV = (NavItem("/upload", "Upload", Role.OPERATOR),)

INTAKE = Workload(
    "tolva.workloads.intake",
    _handlers,
    _routers,
    intake_chores,
    _pages,
    NAV,
    (INTAKE_PANEL, S3_PANEL),
    INTAKE_DEEDS,
    _inboxes,
)
