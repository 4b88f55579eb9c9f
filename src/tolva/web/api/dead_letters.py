"""Dead letters over HTTP: jobs that failed for good, and their replay. A letter goes by the id of its job."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from tolva.core.job import JobId, State
from tolva.db.pool import Connection
from tolva.errors import Conflict
from tolva.jobs.letters import LetterFilter, LetterPlace, dead_jobs, dead_letters, get_letter, with_letter
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator, Viewer
from tolva.web.access.caller import Caller
from tolva.web.api.bulk import Replayed
from tolva.web.api.chosen import ChosenLetters, Search
from tolva.web.api.texts import Line
from tolva.web.letter_places import Cursor, cursor, place
from tolva.web.portions import MOST, Met, met, steer
from tolva.web.problems import problems
from tolva.web.steering import replay_jobs, retry_job

EXAMPLE: dict[str, Any] = {
    "id": "01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10",
    "queue": "bulk_upload",
    "kind": "bulk_upload",
    "label": "productos marzo.xlsx",
    "failed_at": "2026-03-01T12:00:00Z",
    "tries": 3,
    "error": {"type": "UnreadableFile", "message": "The file is damaged."},
}
WHOLE_EXAMPLE: dict[str, Any] = {
    **EXAMPLE,
    "replayed_at": None,
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
    error: dict[str, Any]


class WholeLetter(Letter):
    """The same with all that is known of it."""

    model_config = ConfigDict(json_schema_extra={"example": WHOLE_EXAMPLE})
    replayed_at: datetime | None
    params: dict[str, Any]
    attempts: list[dict[str, Any]] = Field(description="How each attempt ended.")


class Letters(BaseModel):
    """A page of dead letters, newest first; `next` is the `before` of the following page."""

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
        """What failed for good and was not replayed, newest first."""
        wanted = LetterFilter(tuple(queue or ()), tuple(kind or ()), search)
        with jobs.db.transaction(by.tenant_id) as conn:
            rows = dead_letters(conn, by.tenant_id, wanted, before=place(before) if before else None, most=limit + 1)
        following = cursor(_place(rows[limit - 1])) if len(rows) > limit else None
        return Letters(dead_letters=[_shown(row) for row in rows[:limit]], next=following)

    @router.get("/{id}", responses=problems(404))
    def get_one(id: UUID, by: Viewer) -> WholeLetter:
        """The newest dead letter of a job, also after its replay."""
        with jobs.db.transaction(by.tenant_id) as conn:
            row = get_letter(conn, JobId(str(id)))
        listed = _shown(row | {"tries": len(row["attempts"])})
        more = {name: row[name] for name in ("replayed_at", "params", "attempts")}
        return WholeLetter(**listed.model_dump(), **more)

    @router.post("/replay")
    def replay_many(chosen: ChosenLetters, by: Operator) -> Replayed:
        """Queues jobs that failed for good again, each from its last checkpoint."""
        with jobs.db.transaction(by.tenant_id) as conn:
            found = _found(conn, by, chosen)
        done = steer(found.jobs, lambda portion: replay_jobs(jobs, by, portion), dry_run=chosen.dry_run)
        following = cursor(found.next) if found.next else None
        return Replayed(
            dry_run=chosen.dry_run, matching=done.matching, next=following, left=done.left, replayed=done.done
        )

    @router.post("/{id}/replay", status_code=202, responses=problems(404, 409))
    def replay(id: UUID, by: Operator) -> ReplayedOne:
        """Queues a job that failed for good again."""
        job = JobId(str(id))
        with jobs.db.transaction(by.tenant_id) as conn:
            letter = get_letter(conn, job)
        if letter["replayed_at"]:
            raise Conflict(f"The dead letter of job {id} was replayed already; look at the job.")
        retry_job(jobs, by, job)
        return ReplayedOne(id=id, state=State.QUEUED)

    return router


def _found(conn: Connection, by: Caller, chosen: ChosenLetters) -> Met[LetterPlace]:
    if chosen.jobs is not None:
        return Met(with_letter(conn, chosen.jobs))
    before = place(chosen.before) if chosen.before else None
    return met(dead_jobs(conn, by.tenant_id, chosen.letters(), before=before, most=MOST + 1))


def _shown(row: DictRow) -> Letter:
    named = {name: row[name] for name in Letter.model_fields if name != "id"}
    return Letter(id=row["job_id"], **named)


def _place(row: DictRow) -> LetterPlace:
    return LetterPlace(row["failed_at"], row["id"])
