"""Whether each dependency answers, and whether this process can serve. Both for anybody: nothing inside is told."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from tolva.db.pool import Database
from tolva.errors import SettingsError, TryLater
from tolva.web.probe import Probe

log = logging.getLogger(__name__)

PATIENCE = 3.0
"""Seconds that a dependency is waited for."""


Part = Literal["ok", "does not answer"]


class Health(BaseModel):
    """Whether each part answers."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "ok", "database": "ok", "blobs": "ok"}})
    status: Literal["ok", "unavailable"]
    database: Part
    blobs: Part = Field(description="The stored files.")


class Ready(BaseModel):
    """Whether this process can serve; if not, why not."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "ready"}})
    status: str


def health_router(db: Database, ask_blobs: Callable[[], None]) -> APIRouter:
    """`GET /health`: 200 when everything answers, else 503, and which part does not.

    `ask_blobs` raises TryLater while stored files cannot be reached.
    """
    router = APIRouter(tags=["health"])
    asked = {"database": lambda: _ask(db), "blobs": ask_blobs}
    probes = {name: Probe(ask, patience=PATIENCE) for name, ask in asked.items()}

    @router.get("/health", response_model=Health, responses={503: {"model": Health, "description": "A part is away."}})
    def health() -> JSONResponse:
        """Whether each dependency answers."""
        with ThreadPoolExecutor(len(probes)) as pool:  # all within the time of one
            parts = dict(zip(probes, pool.map(_answers, probes.values()), strict=True))
        healthy = all(part == "ok" for part in parts.values())
        return JSONResponse({"status": "ok" if healthy else "unavailable", **parts}, 200 if healthy else 503)

    return router


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


def _ask(db: Database) -> None:
    with db.connection() as conn:
        conn.execute("SELECT 1")


def _answers(ask: Callable[[], None]) -> str:
    try:
        ask()
    except TryLater as error:
        log.warning("health: %s", error)  # the whole of it, with hosts and logins, is for the log alone
        return "does not answer"
    return "ok"


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
