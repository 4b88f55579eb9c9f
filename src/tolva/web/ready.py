"""Whether this process can serve, for whoever decides where requests go. For anybody: nothing inside is told."""

import logging
from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from tolva.errors import SettingsError, TryLater
from tolva.web.probe import Probe

log = logging.getLogger(__name__)

PATIENCE = 3.0
"""Seconds that the database is waited for."""


class Ready(BaseModel):
    """Whether this process can serve; if not, why not."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "ready"}})
    status: str


def ready_router(require_migrated: Callable[[], None], stopping: Callable[[], bool]) -> APIRouter:
    """`GET /ready`: 200 when this process can serve, else 503, and why not.

    `require_migrated` raises SettingsError where the database is of another version, and TryLater while it is away.
    """
    router = APIRouter(tags=["health"])
    look = Probe(require_migrated, patience=PATIENCE)

    @router.get(
        "/ready",
        response_model=Ready,
        responses={503: {"model": Ready, "description": "Send your requests elsewhere."}},
    )
    def ready() -> JSONResponse:
        """Whether this process can serve."""
        hindrance = "is going down" if stopping() else _hindrance(look)
        return JSONResponse({"status": hindrance or "ready"}, 503 if hindrance else 200)

    return router


def _hindrance(look: Callable[[], None]) -> str | None:
    try:
        look()
    except TryLater as error:
        log.warning("not ready: %s", error)
        return "the database does not answer"
    except SettingsError as error:
        log.warning("not ready: %s", error)
        return "the database is not up to date"
    return None
