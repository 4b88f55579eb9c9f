"""What the calls of resumable uploads do, and how they are answered: by headers alone."""

from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from fastapi.concurrency import contextmanager_in_threadpool
from fastapi.responses import Response
from starlette.requests import Request

from tolva.connectors.blobs import Blobs
from tolva.errors import Conflict, InvalidInput, TooLarge
from tolva.jobs.work import Jobs
from tolva.web.access.caller import Caller
from tolva.web.arriving import in_time, in_upload_thread, stretches
from tolva.workloads.intake.announced import announced
from tolva.workloads.intake.resumable.pieces import Pieces
from tolva.workloads.intake.resumable.tus import FILENAME, VERSION, http_date, parse_metadata, said_in
from tolva.workloads.intake.resumable.upload import Resumable, begin, find

PREFIX = "/api/v1/resumable-uploads"
LATE = "The upload took too long or fell silent; what came is kept. Ask with HEAD how much that is, and go on there."
BROKEN = "The upload broke off; what came is kept. Ask with HEAD how much that is, and go on there."


@dataclass(frozen=True)
class Uploads:
    """The uploads of an API; `most` bytes of a file."""

    jobs: Jobs
    blobs: Blobs
    most: int

    def begin(self, by: Caller, length: int, metadata: str, key: str | None) -> Response:
        """Announce a file. Raises InvalidInput, TooLarge, NotFound, Conflict."""
        named = parse_metadata(metadata)
        if not named.get(FILENAME):
            raise InvalidInput("Upload-Metadata must have a filename.")
        arrival = replace(announced(self.jobs, by, said_in(named), key), filename=named[FILENAME])
        made = begin(self.jobs.db, by, length, arrival, self.most)
        return answer(201, {"Location": f"{PREFIX}/{made.id}", **told(made)})

    async def take(self, request: Request, by: Caller, id: UUID, offset: int) -> Response:
        """Take the next bytes. Raises NotFound, Conflict, and what `accept` raises with the last of them."""
        upload = await in_upload_thread(partial(find, self.jobs.db, by.tenant_id, id))
        if upload.offset != offset:
            raise Conflict(f"{upload.offset} bytes are here, so go on there, not at {offset}.")
        if upload.job is not None:
            return answer(204, told(upload))
        async with contextmanager_in_threadpool(Pieces(self.jobs, self.blobs, by, upload)) as pieces:
            await _receive(request, pieces, upload.length)
            if pieces.offset == upload.length:
                job = await in_upload_thread(pieces.accept)
                return answer(204, told(replace(upload, offset=upload.length, job=job)))
            await in_upload_thread(pieces.set_down)
        return answer(204, told(await in_upload_thread(partial(find, self.jobs.db, by.tenant_id, id))))


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
