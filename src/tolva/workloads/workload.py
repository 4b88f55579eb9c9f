"""What a workload brings to the house."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter

from tolva.connectors.blobs import Blobs
from tolva.db.pool import Database
from tolva.jobs.catalogue import Handler
from tolva.jobs.upkeep import Chore
from tolva.jobs.work import Jobs
from tolva.settings import Settings


@dataclass(frozen=True)
class Workload:
    """`package` holds its migrations; the functions make its handlers, pages and chores."""

    package: str
    handlers: Callable[[Settings, Blobs], Sequence[Handler]]
    routers: Callable[[Settings, Jobs, Blobs], Sequence[APIRouter]]
    chores: Callable[[Settings, Database, Blobs], Sequence[Chore]]
