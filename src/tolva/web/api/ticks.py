"""The next ticks of a schedule over HTTP, of one that is kept or of one that is still being thought about."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from tolva.core.cron import Cron, parse_cron
from tolva.core.upcoming import MOST, upcoming
from tolva.jobs.schedule import get_schedule
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Viewer
from tolva.web.api.values import Line, NameInPath
from tolva.web.problems import problems

EXAMPLE: dict[str, Any] = {
    "cron": "30 2 * * *",
    "timezone": "Europe/Madrid",
    "ticks": [
        {"at": "2026-03-28T01:30:00Z", "local": "2026-03-28T02:30:00+01:00", "note": None},
        {
            "at": "2026-03-29T01:00:00Z",
            "local": "2026-03-29T03:00:00+02:00",
            "note": "The clock goes forward and skips the usual time: this one comes right after it.",
        },
    ],
}

Many = Annotated[int, Query(ge=1, le=MOST, description="How many.")]


class CronIn(BaseModel):
    """A cron expression on the clock of a zone."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"cron": "30 2 * * *", "timezone": "Europe/Madrid"}}
    )
    cron: Line
    timezone: Line = "UTC"


class TickOut(BaseModel):
    """One moment at which a job is made."""

    at: datetime
    local: str = Field(description="What the clock of the zone shows, with its distance from UTC.")
    note: str | None = Field(description="What daylight saving does to it, if anything.")


class Ticks(BaseModel):
    """The next ticks, in order."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    cron: str
    timezone: str
    ticks: list[TickOut]


def ticks_router(jobs: Jobs) -> APIRouter:
    """`GET /schedules/{name}/ticks` and `POST /schedules/preview`."""
    router = APIRouter(prefix="/api/v1/schedules", tags=["schedules"], responses=problems(403))

    @router.get("/{name}/ticks", responses=problems(404))
    def get_ticks(name: NameInPath, by: Viewer, n: Many = 5) -> Ticks:
        """The next ticks, from now on, also of one that is paused."""
        with jobs.db.transaction(by.tenant_id) as conn:
            row = get_schedule(conn, name)
        return _ticks(parse_cron(row["cron"], row["timezone"]), n)

    @router.post("/preview")
    def preview(given: CronIn, _by: Viewer, n: Many = 5) -> Ticks:
        """The next ticks of an expression, which is kept nowhere."""
        return _ticks(parse_cron(given.cron, given.timezone), n)

    return router


def _ticks(cron: Cron, many: int) -> Ticks:
    shown = [TickOut(at=tick.at, local=tick.local, note=tick.note) for tick in upcoming(cron, datetime.now(UTC), many)]
    return Ticks(cron=cron.expression, timezone=cron.timezone, ticks=shown)
