"""Dead letters over HTTP: jobs that failed for good, replayed or dismissed. A letter goes by the id of its job."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from tolva.core.job import JobId, State
from tolva.jobs.letters import LetterFilter, dead_letters, get_letter
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator, Viewer
from tolva.web.access.caller import Caller
from tolva.web.api.bulk import Dismissed, Found, Replayed, steered
from tolva.web.api.chosen import ChosenLetters, Search, found_letters
from tolva.web.api.job_view import ERROR
from tolva.web.api.values import Line
from tolva.web.details import error_for
from tolva.web.letter_places import Cursor, cursor, place
from tolva.web.located import job_address, locate
from tolva.web.problems import problems
from tolva.web.steering import dismiss_letter, dismiss_letters, replay_letter, replay_letters

EXAMPLE: dict[str, Any] = {
    "id": "01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10",
    "queue": "bulk_upload",
    "kind": "bulk_upload",
    "label": "productos marzo.xlsx · PROV001",
    "failed_at": "2026-03-01T12:00:00Z",
    "tries": 3,
    "error": {"type": "UnreadableFile", "message": "The file is damaged."},
}
WHOLE_EXAMPLE: dict[str, Any] = {
    **EXAMPLE,
    "replayed_at": None,
    "dismissed_at": None,
    "dismissed_by": None,
    "params": {"filename": "productos marzo.xlsx"},
    "attempts": [{"at": "2026-03-01T12:00:00Z", "type": "failed", "attempt": 3}],
}
Before = Annotated[Cursor | None, Query(description="`next` of the page before.")]
Names = Annotated[list[Line] | None, Query(max_length=50)]


class Letter(BaseModel):
    """A job that failed for good, as a list shows it."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})
    id: UUID = Field(description="The job's.")
    queue: str
    kind: str
    label: str | None
    failed_at: datetime
    tries: int
    error: dict[str, Any] = Field(description=ERROR)


class WholeLetter(Letter):
    """The same with all that is known of it."""

    model_config = ConfigDict(json_schema_extra={"example": WHOLE_EXAMPLE})
    replayed_at: datetime | None
    dismissed_at: datetime | None
    dismissed_by: str | None = Field(description="Who did it, as in the audit log.")
    params: dict[str, Any]
    attempts: list[dict[str, Any]] = Field(description="How each attempt ended.")


class Letters(BaseModel):
    """A page of dead letters, newest first; `next` is the `before` of the following page.

    With a `search` a page can be short, or empty, and still have a `next`: so far it looked.
    """

    model_config = ConfigDict(json_schema_extra={"example": {"dead_letters": [EXAMPLE], "next": None}})
    dead_letters: list[Letter]
    next: str | None


class ReplayedOne(BaseModel):
    """The job that was queued again."""

    model_config = ConfigDict(json_schema_extra={"example": {"id": EXAMPLE["id"], "state": "queued"}})
    id: UUID
    state: State


def dead_letters_router(jobs: Jobs) -> APIRouter:
    """The calls below /api/v1/dead-letters."""
    router = APIRouter(prefix="/api/v1/dead-letters", tags=["dead letters"], responses=problems(403))

    @router.get("")
    def get_all(
        by: Viewer,
        queue: Names = None,
        kind: Names = None,
        search: Annotated[Search, Query()] = None,
        before: Before = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> Letters:
        """What failed for good and was neither replayed nor dismissed, newest first."""
        wanted = LetterFilter(tuple(queue or ()), tuple(kind or ()), search)
        with jobs.db.transaction(by.tenant_id) as conn:
            page = dead_letters(conn, by.tenant_id, wanted, before=place(before), most=limit)
        following = cursor(page.following) if page.following else None
        return Letters(dead_letters=[_shown(row, by) for row in page.letters], next=following)

    @router.get("/{id}", responses=problems(404))
    def get_one(id: UUID, by: Viewer) -> WholeLetter:
        """The newest dead letter of a job, also after it was replayed or dismissed."""
        return _whole(jobs, by, JobId(str(id)))

    @router.post("/replay")
    def replay_many(chosen: ChosenLetters, by: Operator) -> Replayed:
        """Queues jobs that failed for good again, each from its last checkpoint."""
        tally = steered(jobs, by, chosen, lambda conn: found_letters(conn, by, chosen), replay_letters)
        return Replayed(**Found.told(chosen, tally), replayed=tally.done)

    @router.post("/{id}/replay", status_code=202, responses=problems(404, 409))
    def replay(id: UUID, by: Operator, response: Response) -> ReplayedOne:
        """Queues a job that failed for good again."""
        replay_letter(jobs, by, JobId(str(id)))
        locate(response, job_address(id))
        return ReplayedOne(id=id, state=State.QUEUED)

    @router.post("/dismiss")
    def dismiss_many(chosen: ChosenLetters, by: Operator) -> Dismissed:
        """Takes letters off the list without running their jobs again. The jobs stay failed, and tell who did it."""
        tally = steered(jobs, by, chosen, lambda conn: found_letters(conn, by, chosen), dismiss_letters)
        return Dismissed(**Found.told(chosen, tally), dismissed=tally.done)

    @router.post("/{id}/dismiss", responses=problems(404, 409))
    def dismiss(id: UUID, by: Operator) -> WholeLetter:
        """Takes one letter off the list without running its job again."""
        dismiss_letter(jobs, by, JobId(str(id)))
        return _whole(jobs, by, JobId(str(id)))

    return router


def _whole(jobs: Jobs, by: Caller, id: JobId) -> WholeLetter:
    with jobs.db.transaction(by.tenant_id) as conn:
        row = get_letter(conn, id)
    listed = _shown(row | {"tries": len(row["attempts"])}, by)
    more = {name: row[name] for name in ("replayed_at", "dismissed_at", "dismissed_by", "params", "attempts")}
    return WholeLetter(**listed.model_dump(), **more)


def _shown(row: DictRow, by: Caller) -> Letter:
    named = {name: row[name] for name in Letter.model_fields if name != "id"}
    named["error"] = error_for(by, row["error"])
    return Letter(id=row["job_id"], **named)
