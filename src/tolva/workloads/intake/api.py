"""The uniform HTTP face of intake: uploads for any schema. `results_api` tells what became of them."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import contextmanager_in_threadpool
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field, StrictBool, TypeAdapter, ValidationError

from tolva.connectors.blobs import Blobs
from tolva.core.job import FINISHED, JobId, State
from tolva.errors import InvalidInput, NotFound
from tolva.jobs.work import Jobs
from tolva.tables.answers import Chosen, require_fields
from tolva.tables.check import check_constants
from tolva.tables.reading.options import ReadOptions
from tolva.web.access.asking import Operator, Viewer
from tolva.web.access.caller import Caller
from tolva.web.etag import UNCHANGED, IfNoneMatch, unchanged
from tolva.web.multipart import file_form, in_upload_thread, receive_file
from tolva.web.problems import problems
from tolva.web.seats import Seats
from tolva.workloads.intake.accept import LOAD, REHEARSE, Arrival, accept, accept_again, upload_options
from tolva.workloads.intake.preview import preview
from tolva.workloads.intake.preview_answer import Preview
from tolva.workloads.intake.reception import Reception
from tolva.workloads.intake.schemas import accepting_schema
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.stored import list_uploads
from tolva.workloads.intake.told import how_to_answer, how_to_choose_a_sheet, told_message
from tolva.workloads.intake.upload_answers import AcceptedUpload, Upload, Uploads

PREFIX = "/api/v1"
BY_COLUMN = "Field by header, or by place (`@3` is the third column); null leaves a column out."

Limit = Annotated[int, Query(ge=1, le=1000)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]
Params = Annotated[
    str | None, Query(description="JSON: fields that hold for every row.", examples=['{"proveedor_id": "P1"}'])
]
MappingText = Annotated[str | None, Query(description=f"JSON: {BY_COLUMN}", examples=['{"@1": "codigo"}'])]
ReadText = Annotated[str | None, Query(description="JSON: how to read the file.", examples=['{"delimiter": ","}'])]
SAMPLE = "codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias\n001,Guantes,1.50,CS-1,3\n"
"""A file for the schema `products`."""


class Read(BaseModel):
    """How the file is to be read, where that is not left to be found out."""

    model_config = ConfigDict(extra="forbid")
    encoding: str | None = None
    delimiter: Annotated[str | None, Field(min_length=1, max_length=4)] = None
    quote: Annotated[str | None, Field(max_length=1)] = None
    header_row: Annotated[int | None, Field(strict=True, ge=0, description="From 1; 0 when there is none.")] = None
    sheet: Annotated[str | None, Field(description="Name, or number from 1.")] = None
    locale: Annotated[str | None, Field(description="How ambiguous numbers and dates are meant: `es-CO`.")] = None

    def options(self) -> ReadOptions:
        """The same for the reader."""
        return ReadOptions(**self.model_dump())


class Again(BaseModel):
    """What is to be done with a stored file."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"dry_run": True, "mapping": {"@1": "codigo"}}}
    )
    dry_run: StrictBool = False
    mapping: Annotated[dict[str, str | None], Field(description=BY_COLUMN)] = {}
    read: Read = Read()


CONSTANTS = TypeAdapter(dict[str, str])
MAPPING = TypeAdapter(dict[str, str | None])
READ = TypeAdapter(Read)

Value = TypeVar("Value")


def _json(name: str, adapter: TypeAdapter[Value], text: str | None) -> Value:
    """A parameter that holds JSON. Raises InvalidInput."""
    try:
        return adapter.validate_json(text or "{}")
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}".lstrip(": ") for fault in error.errors()
        )
        raise InvalidInput(f"{name}: {faults}") from None


def intake_router(jobs: Jobs, blobs: Blobs, most_bytes: int, seats: Seats, defaults: Mapping[str, str]) -> APIRouter:
    """The calls below /api/v1/uploads."""
    router = APIRouter(prefix=PREFIX, tags=["uploads"])

    @router.post(
        "/uploads",
        status_code=202,
        response_model=AcceptedUpload,
        openapi_extra=file_form(SAMPLE),
        responses=problems(400, 403, 404, 409, 413, 415, 507),
    )
    async def upload(
        request: Request,
        by: Operator,
        schema: Annotated[str, Query(examples=["products"])] = "products",
        params: Params = None,
        dry_run: bool = False,
        mapping: MappingText = None,
        read: ReadText = None,
        idempotency_key: Key = None,
    ) -> dict[str, Any]:
        """Takes a file (CSV, XLSX, XLS, ODS, JSON, NDJSON, also in gzip or zip) and loads it, or rehearses that."""
        given = _json("params", CONSTANTS, params)
        said = _json("mapping", MAPPING, mapping)
        options = upload_options(_json("read", READ, read).options(), said)
        constants, version = await in_upload_thread(partial(_checked, jobs, by, schema, given, said))
        async with contextmanager_in_threadpool(blobs.receive(most_bytes)) as writer:
            sink = Reception(writer)
            await receive_file(request, "file", sink, most_bytes)
            kind = REHEARSE if dry_run else LOAD
            arrival = Arrival(schema, sink.filename, constants, idempotency_key, version, kind, options)
            job = await in_upload_thread(partial(accept, jobs, by, arrival, sink.kind, writer))
        return accepted(job)

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
        responses=problems(400, 404, 409, 415, 507),
    )
    def get_preview(
        id: UUID,
        by: Viewer,
        schema: Annotated[str | None, Query(examples=["products"])] = None,
        read: ReadText = None,
        mapping: MappingText = None,
    ) -> dict[str, Any]:
        """How the stored file is read, what its columns hold, where they would go, and its first rows as stored."""
        options = _json("read", READ, read).options() if read else None
        said = _json("mapping", MAPPING, mapping) if mapping else None
        with seats.taken(), blobs.scratch() as scratch:
            return preview(jobs.db, blobs, by.tenant_id, JobId(str(id)), scratch, defaults, schema, options, said)

    @router.post(
        "/uploads/{id}/load",
        status_code=202,
        response_model=AcceptedUpload,
        responses=problems(400, 403, 404, 409),
    )
    def load_again(id: UUID, again: Again, by: Operator, idempotency_key: Key = None) -> dict[str, Any]:
        """Loads the stored file, say after a dry run, or with another mapping."""
        options = upload_options(again.read.options(), again.mapping)
        kind = REHEARSE if again.dry_run else LOAD
        return accepted(accept_again(jobs, by, JobId(str(id)), kind, options, idempotency_key))

    return router


def _checked(jobs: Jobs, by: Caller, name: str, given: dict[str, str], said: Chosen) -> tuple[dict[str, str], int]:
    """The constants of an upload, and the version of its schema."""
    with jobs.db.transaction(by.tenant_id) as conn:
        schema, version = accepting_schema(conn, name)
    require_fields(schema, said)
    return check_constants(given, schema), version


def accepted(job: JobId) -> dict[str, Any]:
    """The answer to a call that makes a job."""
    return {"id": job, "state": "queued", "status_url": f"{PREFIX}/uploads/{job}"}


def _row(jobs: Jobs, by: Caller, id: UUID) -> DictRow:
    with jobs.db.transaction(by.tenant_id) as conn:
        row = conn.execute(SQL["intake_status"], {"job_id": id}).fetchone()
    if row is None:
        raise NotFound(f"There is no upload {id}.")
    return row


def _view(row: DictRow) -> dict[str, Any]:
    times = {name: row[name].isoformat() if row[name] else None for name in ("created_at", "started_at", "finished_at")}
    kept = ("id", "kind", "state", "schema", "filename", "size", "blake3", "constants", "options", "progress", "result")
    return {name: row[name] for name in kept} | times | {"error": row["error"] and _told_error(row)}


def _told_error(row: DictRow) -> dict[str, Any]:
    ended = State(row["state"]) in FINISHED
    said = told_message(row["error"], str(row["id"]), ended=ended)
    if ended and row["kind"] == LOAD and (written := row["progress"].get("successful")):
        undo = f"POST {PREFIX}/jobs/{row['id']}/undo"
        said = f"{said.rstrip('.')}. {written} filas suyas quedaron en la tabla; para deshacerlas: {undo}."
    told = {"type": row["error"]["type"], "message": said}
    if not (questions := row["error"].get("questions")):
        return told
    call = f"POST {PREFIX}/uploads/{row['id']}/load"
    sent = row["options"] | ({"dry_run": True} if row["kind"] == REHEARSE else {})
    hints = how_to_answer(questions, sent, call), how_to_choose_a_sheet(row["progress"].get("read", {}), sent, call)
    return told | {"message": " ".join((f"{said.rstrip('.')}.", *filter(None, hints))), "questions": questions}
