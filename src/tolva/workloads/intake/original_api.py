"""The file of an upload as it came, over HTTP: streamed through the API, or from where the store gives it out."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header
from fastapi.responses import Response, StreamingResponse
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from tolva.connectors.blobs import LINK_SECONDS, Blobs
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Viewer
from tolva.web.access.caller import Caller
from tolva.web.byte_range import span_of
from tolva.web.download import attachment, files
from tolva.web.problems import Fault, problems
from tolva.workloads.intake.api import PREFIX
from tolva.workloads.intake.stored import blob_of, require_upload

ANY = "application/octet-stream"
"""Whatever it is, nobody is to open it where it comes from."""
RANGE_UNKNOWN = 416
Range = Annotated[str | None, Header(description="Bytes to begin and end with.", examples=["bytes=0-99"])]


class FileLink(BaseModel):
    """Where the file of an upload can be had."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "url": "https://s3.eu-west-1.amazonaws.com/sheets/55/019ac1d2-7c4b-7f0e-a9d1-3f1c2b7a9e55?X-Amz-…",
                "expires_at": "2026-11-28T14:35:00Z",
            }
        }
    )
    url: str = Field(description="In the bucket, for whoever has it; else the call of the API, which needs a key.")
    expires_at: datetime | None


def original_router(jobs: Jobs, blobs: Blobs) -> APIRouter:
    """The calls that give a file back."""
    router = APIRouter(prefix=PREFIX, tags=["uploads"])
    partial_content: dict[int | str, dict[str, Any]] = {206: files(ANY)[200] | {"description": "A part of it."}}

    @router.get(
        "/uploads/{id}/file",
        response_class=Response,
        responses=files(ANY) | partial_content | problems(404, RANGE_UNKNOWN, 507),
    )
    def get_file(id: UUID, by: Viewer, range: Range = None) -> Response:
        """The file as it came, or a part of it."""
        return _streamed(blobs, _upload(jobs, by, id), range)

    @router.get("/uploads/{id}/link", response_model=FileLink, responses=problems(404, 507))
    def get_link(id: UUID, by: Viewer) -> dict[str, Any]:
        """Where the file can be had without the API between, where the store is a bucket that the caller reaches."""
        upload = _upload(jobs, by, id)
        until = datetime.now(UTC) + timedelta(seconds=LINK_SECONDS)
        url = blobs.link(blob_of(upload), attachment(upload["filename"])["Content-Disposition"])
        return {"url": url or f"{PREFIX}/uploads/{id}/file", "expires_at": until if url else None}

    return router


def _streamed(blobs: Blobs, upload: DictRow, asked: str | None) -> Response:
    span = span_of(asked, upload["size"])
    if span is None:
        told = {"Content-Range": f"bytes */{upload['size']}"}
        return Fault(RANGE_UNKNOWN, "http", f"The file has {upload['size']} bytes.", told).document()
    pieces = blobs.read(blob_of(upload), span.start, span.end)
    headers = attachment(upload["filename"]) | {
        "Accept-Ranges": "bytes",
        "Content-Encoding": "identity",  # packed, its ranges would be of something else
        "Content-Length": str(span.end - span.start),
    }
    whole = span.end - span.start == span.size
    told = {} if whole else {"Content-Range": span.content_range}
    return StreamingResponse(pieces, 200 if whole else 206, headers | told, media_type=ANY)


def _upload(jobs: Jobs, by: Caller, id: UUID) -> DictRow:
    with jobs.db.transaction(by.tenant_id) as conn:
        return require_upload(conn, str(id))
