"""Uploads that go on where they broke off, over HTTP: the tus protocol, which clients of many languages speak."""

from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request
from fastapi.concurrency import contextmanager_in_threadpool
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from tolva.connectors.blobs import Blobs
from tolva.errors import Conflict, InvalidInput, TooLarge
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator
from tolva.web.access.caller import Caller
from tolva.web.arriving import in_time, in_upload_thread, stretches
from tolva.web.problems import problems
from tolva.workloads.intake.announced import announced
from tolva.workloads.intake.resumable.pieces import Pieces
from tolva.workloads.intake.resumable.tus import (
    EXTENSIONS,
    FILENAME,
    PIECE_TYPE,
    VERSION,
    http_date,
    parse_metadata,
    said_in,
)
from tolva.workloads.intake.resumable.upload import Resumable, begin, drop, find
from tolva.workloads.intake.upload_parameters import Key

PREFIX = "/api/v1/resumable-uploads"
LATE = "The upload took too long or fell silent; what came is kept. Ask with HEAD how much that is, and go on there."
BROKEN = "The upload broke off; what came is kept. Ask with HEAD how much that is, and go on there."
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


class Uploads:
    """What the calls do."""

    def __init__(self, jobs: Jobs, blobs: Blobs, most: int) -> None:
        self._jobs, self._blobs, self._most = jobs, blobs, most

    def begin(self, by: Caller, length: int, metadata: str, key: str | None) -> Response:
        """Announce a file. Raises InvalidInput, TooLarge, NotFound, Conflict."""
        named = parse_metadata(metadata)
        if not named.get(FILENAME):
            raise InvalidInput("Upload-Metadata must have a filename.")
        arrival = replace(announced(self._jobs, by, said_in(named), key), filename=named[FILENAME])
        made = begin(self._jobs.db, by, length, arrival, self._most)
        return answer(201, {"Location": f"{PREFIX}/{made.id}", **told(made)})

    async def take(self, request: Request, by: Caller, id: UUID, offset: int) -> Response:
        """Take the next bytes. Raises NotFound, Conflict, and what `accept` raises with the last of them."""
        upload = await in_upload_thread(partial(find, self._jobs.db, by.tenant_id, id))
        if upload.offset != offset:
            raise Conflict(f"{upload.offset} bytes are here, so go on there, not at {offset}.")
        if upload.job is not None:
            return answer(204, told(upload))
        async with contextmanager_in_threadpool(Pieces(self._jobs, self._blobs, by, upload)) as pieces:
            await _receive(request, pieces, upload.length)
            if pieces.offset == upload.length:
                job = await in_upload_thread(pieces.accept)
                return answer(204, told(replace(upload, offset=upload.length, job=job)))
            await in_upload_thread(pieces.set_down)
        return answer(204, told(await in_upload_thread(partial(find, self._jobs.db, by.tenant_id, id))))


async def _receive(request: Request, pieces: Pieces, length: int) -> None:
    """The bytes of a request. Whatever ends them before the end, what came is kept."""
    try:
        async with in_time(LATE, BROKEN):
            async for stretch in stretches(request, length - pieces.offset):
                await in_upload_thread(partial(pieces.write, stretch))
    except TooLarge:
        raise
    except InvalidInput:
        if pieces.offset < length:  # else only the end of the request was lost, and nothing of the file
            await in_upload_thread(pieces.set_down)
            raise


def told(upload: Resumable) -> dict[str, str]:
    """How far an upload is, as headers."""
    headers = {"Upload-Offset": str(upload.offset), "Upload-Length": str(upload.length)}
    headers["Upload-Expires"] = http_date(upload.expires_at)
    made = {"Tolva-Job": upload.job, "Content-Location": f"/api/v1/uploads/{upload.job}"} if upload.job else {}
    return headers | made


def answer(status: int, headers: dict[str, str] | None = None) -> Response:
    """An answer of headers alone, as all of the protocol are."""
    return Response(status_code=status, headers={"Tus-Resumable": VERSION, **(headers or {})})
