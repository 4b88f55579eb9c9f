"""The uniform HTTP face of intake: files for any schema. `uploads_api` tells how they stand, `results_api` the rest."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import contextmanager_in_threadpool

from tolva.connectors.blobs import Blobs
from tolva.core.job import JobId
from tolva.jobs.work import Jobs
from tolva.tables.check import check_constants
from tolva.tables.column_choices import Choices, require_fields
from tolva.web.access.asking import Operator
from tolva.web.access.caller import Caller
from tolva.web.located import locate
from tolva.web.multipart import file_form, in_upload_thread, receive_file
from tolva.web.problems import problems
from tolva.workloads.intake.accept import LOAD, REHEARSE, Arrival, accept, accept_again, upload_options
from tolva.workloads.intake.corrected import require_corrected
from tolva.workloads.intake.reception import Reception
from tolva.workloads.intake.schemas import accepting_schema
from tolva.workloads.intake.upload_answers import AcceptedUpload
from tolva.workloads.intake.upload_parameters import (
    CONSTANTS,
    MAPPING,
    READ,
    Again,
    Corrects,
    Key,
    MappingText,
    Params,
    ReadText,
    from_json,
)

PREFIX = "/api/v1"
SAMPLE = "codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias\n001,Guantes,1.50,CS-1,3\n"
"""A file for the schema `products`."""


def intake_router(jobs: Jobs, blobs: Blobs, most_bytes: int) -> APIRouter:
    """The calls below /api/v1/uploads that make a job."""
    router = APIRouter(prefix=PREFIX, tags=["uploads"])

    @router.post(
        "/uploads",
        status_code=202,
        response_model=AcceptedUpload,
        openapi_extra=file_form(SAMPLE),
        responses=problems(403, 404, 409, 413, 415, 507),
    )
    async def upload(
        request: Request,
        response: Response,
        by: Operator,
        schema: Annotated[str, Query(examples=["products"])] = "products",
        params: Params = None,
        dry_run: bool = False,
        mapping: MappingText = None,
        read: ReadText = None,
        corrects: Corrects = None,
        idempotency_key: Key = None,
    ) -> dict[str, Any]:
        """Takes a file (CSV, XLSX, XLS, ODS, JSON, NDJSON, also in gzip or zip) and loads it, or rehearses that."""
        given = from_json("params", CONSTANTS, params)
        said = from_json("mapping", MAPPING, mapping)
        options = upload_options(from_json("read", READ, read).options(), said)
        constants, version = await in_upload_thread(partial(_checked, jobs, by, schema, given, said, corrects))
        async with contextmanager_in_threadpool(blobs.receive(most_bytes)) as writer:
            sink = Reception(writer)
            await receive_file(request, "file", sink, most_bytes)
            kind = REHEARSE if dry_run else LOAD
            arrival = Arrival(schema, sink.filename, constants, idempotency_key, version, kind, options, corrects)
            job = await in_upload_thread(partial(accept, jobs, by, arrival, sink.kind, writer))
        return accepted(job, response)

    @router.post(
        "/uploads/{id}/load",
        status_code=202,
        response_model=AcceptedUpload,
        responses=problems(403, 404, 409),
    )
    def load_again(
        id: UUID, again: Again, by: Operator, response: Response, idempotency_key: Key = None
    ) -> dict[str, Any]:
        """Loads the stored file, say after a dry run, or with another mapping."""
        options = upload_options(again.read.options(), again.mapping)
        kind = REHEARSE if again.dry_run else LOAD
        return accepted(accept_again(jobs, by, JobId(str(id)), kind, options, idempotency_key), response)

    return router


def _checked(
    jobs: Jobs, by: Caller, name: str, given: dict[str, str], said: Choices, corrects: UUID | None
) -> tuple[dict[str, str], int]:
    """The constants of an upload, and the version of its schema."""
    with jobs.db.transaction(by.tenant_id) as conn:
        schema, version = accepting_schema(conn, name)
        require_corrected(conn, corrects, name)
    require_fields(schema, said)
    return check_constants(given, schema), version


def accepted(job: JobId, response: Response) -> dict[str, Any]:
    """The answer to a call that makes a job."""
    address = f"{PREFIX}/uploads/{job}"
    locate(response, address)
    return {"id": job, "state": "queued", "status_url": address}
