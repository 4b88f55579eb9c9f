"""Bulk upload of product spreadsheets: the catalog contract, a face of `intake` for the schema `products`."""

from collections.abc import Sequence

from fastapi import APIRouter

from tolva.connectors.blobs import Blobs
from tolva.db.pool import Database
from tolva.jobs.catalogue import Handler
from tolva.jobs.upkeep import Chore
from tolva.jobs.work import Jobs
from tolva.settings import Settings
from tolva.workloads.catalog.api import catalog_router
from tolva.workloads.intake.schemas import configured_defaults
from tolva.workloads.workload import Workload

PREFIXES = ("/api/catalog", "/api/v1/catalog")
"""The service's own path, and the one that web clients use through their gateway."""


def _handlers(_settings: Settings, _blobs: Blobs) -> Sequence[Handler]:
    return []


def _routers(settings: Settings, jobs: Jobs, blobs: Blobs) -> Sequence[APIRouter]:
    most_bytes = settings.upload_max_mb * 1024**2
    defaults = configured_defaults(settings)
    return [catalog_router(jobs, blobs, prefix, most_bytes, defaults) for prefix in PREFIXES]


def _chores(_settings: Settings, _db: Database, _blobs: Blobs) -> Sequence[Chore]:
    return []


CATALOG = Workload("tolva.workloads.catalog", _handlers, _routers, _chores)
