"""Whether each dependency answers."""

import logging
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from tolva.db.pool import Database
from tolva.errors import TryLater

log = logging.getLogger(__name__)


class Health(BaseModel):
    """Whether each part answers."""

    status: Literal["ok", "unavailable"]
    database: Literal["ok", "does not answer"]


def health_router(db: Database) -> APIRouter:
    """`GET /health`: 200 when everything answers, else 503, and which part does not."""
    router = APIRouter(tags=["health"])

    @router.get("/health", response_model=Health, responses={503: {"model": Health, "description": "A part is away."}})
    def health() -> JSONResponse:
        """Whether each dependency answers."""
        parts = {"database": _database(db)}
        healthy = all(part == "ok" for part in parts.values())
        return JSONResponse({"status": "ok" if healthy else "unavailable", **parts}, 200 if healthy else 503)

    return router


def _database(db: Database) -> str:
    try:
        with db.connection() as conn:
            conn.execute("SELECT 1")
    except TryLater as error:
        log.warning("health: %s", error)  # the whole of it, with hosts and logins, is for the log alone
        return "does not answer"
    return "ok"
