"""The kinds of job over HTTP: what a schedule can make, and what a list can be narrowed to."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from tolva.jobs.catalogue import Catalogue
from tolva.web.access.asking import Viewer
from tolva.web.problems import problems


class Kind(BaseModel):
    """A kind of job."""

    kind: str
    queue: str


class Kinds(BaseModel):
    """All kinds of job that the installation has a handler for."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"kinds": [{"kind": "bulk_upload", "queue": "bulk_upload"}]}}
    )
    kinds: list[Kind]


def kinds_router(catalogue: Catalogue) -> APIRouter:
    """`GET /api/v1/kinds`."""
    router = APIRouter(prefix="/api/v1/kinds", tags=["jobs"], responses=problems(403))

    @router.get("")
    def get_kinds(_by: Viewer) -> Kinds:
        """All kinds of job, and the queue of each."""
        handlers = sorted(catalogue.handlers.values(), key=lambda handler: handler.kind)
        return Kinds(kinds=[Kind(kind=handler.kind, queue=handler.queue.name) for handler in handlers])

    return router
