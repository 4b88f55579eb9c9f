"""The uniform HTTP face of intake: how uploads stand, and how their files are read."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from psycopg.rows import DictRow

from tolva.connectors.blobs import Blobs
from tolva.core.job import FINISHED, JobId, State
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Viewer
from tolva.web.access.caller import Caller
from tolva.web.etag import UNCHANGED, IfNoneMatch, unchanged
from tolva.web.problems import problems
from tolva.web.seats import Seats
from tolva.workloads.intake.accept import LOAD, REHEARSE
from tolva.workloads.intake.api import PREFIX
from tolva.workloads.intake.messages import how_to_answer, how_to_choose_a_sheet, how_to_say_locale, told_error
from tolva.workloads.intake.preview import preview
from tolva.workloads.intake.preview_answer import Preview
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.stored import list_uploads, no_upload
from tolva.workloads.intake.upload_answers import Upload, Uploads
from tolva.workloads.intake.upload_parameters import MAPPING, READ, MappingText, ReadText, from_json

Limit = Annotated[int, Query(ge=1, le=1000)]

TOLD = (
    "id",
    "kind",
    "state",
    "schema",
    "filename",
    "label",
    "size",
    "blake3",
    "constants",
    "options",
    "corrects",
    "undone_by",
    "progress",
    "result",
)
"""What the view of an upload has as it is stored."""


def uploads_router(jobs: Jobs, blobs: Blobs, seats: Seats, defaults: Mapping[str, str]) -> APIRouter:
    """The calls below /api/v1/uploads that only read."""
    router = APIRouter(prefix=PREFIX, tags=["uploads"])

    @router.get("/uploads", response_model=Uploads)
    def get_uploads(by: Viewer, before: UUID | None = None, limit: Limit = 50) -> dict[str, Any]:
        """Uploads, newest first; `next` is the `before` of the page that follows."""
        with jobs.db.transaction(by.tenant_id) as conn:
            found = list_uploads(conn, before, limit + 1)
        return {"uploads": found[:limit], "next": found[limit - 1]["id"] if len(found) > limit else None}

    @router.get(
        "/uploads/{id}", response_model=Upload, response_model_exclude_unset=True, responses=problems(404) | UNCHANGED
    )
    def get_upload(id: UUID, by: Viewer, response: Response, if_none_match: IfNoneMatch = None) -> Any:
        """Where an upload stands. Its ETag changes with it."""
        row = _row(jobs, by, id)
        return unchanged(response, row["seq"], if_none_match) or _view(row)

    @router.get(
        "/uploads/{id}/preview",
        response_model=Preview,
        response_model_exclude_unset=True,
        responses=problems(404, 409, 415, 507),
    )
    def get_preview(
        id: UUID,
        by: Viewer,
        schema: Annotated[str | None, Query(examples=["products"])] = None,
        read: ReadText = None,
        mapping: MappingText = None,
    ) -> dict[str, Any]:
        """How the stored file is read, what its columns hold, where they would go, and its first rows as stored."""
        options = from_json("read", READ, read).options() if read else None
        said = from_json("mapping", MAPPING, mapping) if mapping else None
        with seats.taken(), blobs.scratch() as scratch:
            return preview(jobs.db, blobs, by.tenant_id, JobId(str(id)), scratch, defaults, schema, options, said)

    return router


def _row(jobs: Jobs, by: Caller, id: UUID) -> DictRow:
    with jobs.db.transaction(by.tenant_id) as conn:
        row = conn.execute(SQL["intake_status"], {"job_id": id}).fetchone()
    if row is None:
        raise no_upload(str(id))
    return row


def _view(row: DictRow) -> dict[str, Any]:
    times = {name: row[name].isoformat() if row[name] else None for name in ("created_at", "started_at", "finished_at")}
    return {name: row[name] for name in TOLD} | times | {"error": _error(row)}


def _error(row: DictRow) -> dict[str, Any] | None:
    said = told_error(row)
    if said is None:
        return None
    if (
        State(row["state"]) in FINISHED
        and row["kind"] == LOAD
        and not row["undone_by"]
        and (written := row["progress"].get("successful"))
    ):
        undo = f"POST {PREFIX}/jobs/{row['id']}/undo"
        said = f"{said.rstrip('.')}. {written} filas suyas quedaron en la tabla; para deshacerlas: {undo}."
    told = {"type": row["error"]["type"], "message": said}
    if answer := row["error"].get("answered_by"):
        told["answered_by"] = answer
    questions, unclear = row["error"].get("questions", []), row["error"].get("unclear")
    if not (questions or unclear):
        return told
    call = f"POST {PREFIX}/uploads/{row['id']}/load"
    sent = row["options"] | ({"dry_run": True} if row["kind"] == REHEARSE else {})
    if unclear:
        return told | {"message": f"{said} {how_to_say_locale(sent, call)}", "unclear": unclear}
    hints = how_to_answer(questions, sent, call), how_to_choose_a_sheet(row["progress"].get("read", {}), sent, call)
    return told | {"message": " ".join((f"{said.rstrip('.')}.", *filter(None, hints))), "questions": questions}
