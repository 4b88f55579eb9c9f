"""Bulk upload of product spreadsheets: the catalog contract."""

from collections.abc import Sequence
from functools import partial

from fastapi import APIRouter

from tolva.connectors.blobs import Blobs
from tolva.core.job import Queue
from tolva.jobs.catalogue import Handler
from tolva.jobs.work import Jobs
from tolva.settings import Settings
from tolva.workloads.catalog.accept import KIND
from tolva.workloads.catalog.api import catalog_router
from tolva.workloads.catalog.load import load_upload
from tolva.workloads.catalog.upkeep import catalog_chores
from tolva.workloads.workload import Workload

# A million rows take minutes, not hours; whoever needs more is resumed at the checkpoint.
QUEUE = Queue("bulk_upload", slots=2, soft_limit=3600, hard_limit=3900, max_attempts=3)

PREFIXES = ("/api/catalog", "/api/v1/catalog")
"""The service's own path, and the one that web clients use through their gateway."""


def _handlers(settings: Settings, blobs: Blobs) -> Sequence[Handler]:
    return [Handler(KIND, QUEUE, partial(load_upload, blobs=blobs, defaults={"moneda": settings.default_currency}))]


def _routers(settings: Settings, jobs: Jobs, blobs: Blobs) -> Sequence[APIRouter]:
    most_bytes = settings.upload_max_mb * 1024**2
    return [catalog_router(jobs, blobs, prefix, most_bytes) for prefix in PREFIXES]


CATALOG = Workload("tolva.workloads.catalog", _handlers, _routers, catalog_chores)
