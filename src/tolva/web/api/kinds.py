"""The kinds of job over HTTP: what a schedule can make, and what a list can be narrowed to."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from tolva.jobs.catalogue import Catalogue, Handler
from tolva.web.access.asking import Viewer
from tolva.web.problems import problems


class Kind(BaseModel):
    """A kind of job."""

    kind: str
    queue: str
    on_schedule: bool = Field(description="Whether a schedule can make jobs of this kind.")


class Kinds(BaseModel):
    """All kinds of job that the installation has a handler for."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"kinds": [{"kind": "bulk_upload", "queue": "bulk_upload", "on_schedule": False}]}
        }
    )
    kinds: list[Kind]


def kinds_router(catalogue: Catalogue) -> APIRouter:
    """`GET /api/v1/kinds`."""
    router = APIRouter(prefix="/api/v1/kinds", tags=["jobs"], responses=problems(403))

    @router.get("")
    def get_kinds(_by: Viewer) -> Kinds:
        """All kinds of job, the queue of each, and whether it may run by the clock."""
        handlers = sorted(catalogue.handlers.values(), key=lambda handler: handler.kind)
        return Kinds(kinds=[_kind(handler) for handler in handlers])

    return router


def _kind(handler: Handler) -> Kind:
    return Kind(kind=handler.kind, queue=handler.queue.name, on_schedule=handler.on_schedule)
