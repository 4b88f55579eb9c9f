"""The uniform HTTP face of intake: files for any schema. `uploads_api` tells how they stand, `results_api` the rest."""

from dataclasses import replace
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import contextmanager_in_threadpool

from tolva.connectors.blobs import Blobs
from tolva.core.job import JobId
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator
from tolva.web.arriving import in_upload_thread
from tolva.web.located import locate
from tolva.web.multipart import file_form, receive_file
from tolva.web.problems import problems
from tolva.workloads.intake.accept import LOAD, REHEARSE, accept, accept_again, upload_options
from tolva.workloads.intake.announced import Said, announced
from tolva.workloads.intake.reception import Reception
from tolva.workloads.intake.upload_answers import AcceptedUpload
from tolva.workloads.intake.upload_parameters import (
    Again,
    Corrects,
    Key,
    MappingText,
    Params,
    ReadText,
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
        said = Said(schema, params, dry_run, mapping, read, corrects)
        arrival = await in_upload_thread(partial(announced, jobs, by, said, idempotency_key))
        async with contextmanager_in_threadpool(blobs.receive(most_bytes)) as writer:
            sink = Reception(writer)
            await receive_file(request, "file", sink, most_bytes)
            named = replace(arrival, filename=sink.filename)
            job = await in_upload_thread(partial(accept, jobs, by, named, sink.kind, writer))
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


def accepted(job: JobId, response: Response) -> dict[str, Any]:
    """The answer to a call that makes a job."""
    address = f"{PREFIX}/uploads/{job}"
    locate(response, address)
    return {"id": job, "state": "queued", "status_url": address}
