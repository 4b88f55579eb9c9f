"""Uploads that go on where they broke off, over HTTP: the tus protocol, which clients of many languages speak."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from tolva.connectors.blobs import Blobs
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator
from tolva.web.problems import problems
from tolva.workloads.intake.resumable.calls import PREFIX, Uploads, answer, told
from tolva.workloads.intake.resumable.tus import (
    EXTENSIONS,
    PIECE_TYPE,
    VERSION,
)
from tolva.workloads.intake.resumable.upload import drop, find
from tolva.workloads.intake.upload_parameters import Key

BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {PIECE_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
}
EXAMPLE = "filename cHJvZHVjdG9zLmNzdg==,params eyJwcm92ZWVkb3JfaWQiOiAiUDEifQ=="

Length = Annotated[int, Header(alias="Upload-Length", ge=1, le=2**62, description="Bytes of the file.", examples=[77])]
Offset = Annotated[int, Header(alias="Upload-Offset", ge=0, description="Bytes that came before.", examples=[0])]
Metadata = Annotated[
    str,
    Header(
        alias="Upload-Metadata",
        description="Pairs of a name and base64: `filename`, and what `POST /uploads` takes as parameters.",
        examples=[EXAMPLE],
    ),
]


def _speaks(_by: Operator, tus_resumable: Annotated[str | None, Header(examples=[VERSION])] = None) -> None:
    """Refuse another version of the protocol. Whoever may not call at all hears that first."""
    if tus_resumable != VERSION:
        raise HTTPException(
            HTTPStatus.PRECONDITION_FAILED, f"Send 'Tus-Resumable: {VERSION}'.", {"Tus-Version": VERSION}
        )


SPEAKS = Depends(_speaks)


def resumable_router(jobs: Jobs, blobs: Blobs, most: int) -> APIRouter:
    """The calls below /api/v1/resumable-uploads; `most` bytes of a file."""
    router = APIRouter(prefix=PREFIX, tags=["uploads"])
    uploads = Uploads(jobs, blobs, most)

    @router.options("", status_code=204, response_class=Response, responses=problems(403))
    def resumable_options(_by: Operator) -> Response:
        """What is spoken here: tus 1.0 and its extensions."""
        return answer(204, {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(most)})

    @router.post(
        "",
        status_code=201,
        response_class=Response,
        dependencies=[SPEAKS],
        responses=problems(403, 404, 409, 412, 413),
    )
    def begin_resumable(by: Operator, upload_length: Length, upload_metadata: Metadata, key: Key = None) -> Response:
        """Announces a file, which then comes in pieces. Its Location is where they are sent."""
        return uploads.begin(by, upload_length, upload_metadata, key)

    @router.head("/{id}", response_class=Response, dependencies=[SPEAKS], responses=problems(403, 404, 412))
    def resumable_status(id: UUID, by: Operator) -> Response:
        """How much of a file is here (`Upload-Offset`), and the job (`Tolva-Job`) once all of it is."""
        return answer(200, told(find(jobs.db, by.tenant_id, id)) | {"Cache-Control": "no-store"})

    @router.patch(
        "/{id}",
        status_code=204,
        response_class=Response,
        dependencies=[SPEAKS],
        openapi_extra=BODY,
        responses=problems(403, 404, 409, 412, 413, 415, 507),
    )
    async def send_piece(request: Request, id: UUID, by: Operator, upload_offset: Offset) -> Response:
        """Takes the next bytes of a file. With the last one it is accepted, as by `POST /uploads`."""
        if request.headers.get("content-type") != PIECE_TYPE:
            raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send the bytes as {PIECE_TYPE}.")
        return await uploads.take(request, by, id, upload_offset)

    @router.delete(
        "/{id}", status_code=204, response_class=Response, dependencies=[SPEAKS], responses=problems(403, 404, 412)
    )
    def drop_resumable(id: UUID, by: Operator) -> Response:
        """Gives a file up. What it has made, once it was whole, stays."""
        drop(jobs.db, blobs, by.tenant_id, find(jobs.db, by.tenant_id, id).id)
        return answer(204)

    return router
