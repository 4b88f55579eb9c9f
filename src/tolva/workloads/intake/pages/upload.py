"""The page where files are sent. Its script sends each by itself over the API; without it, the form brings them all."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter
from psycopg.rows import DictRow
from starlette.requests import Request
from starlette.responses import Response

from tolva.connectors.blobs import Blobs
from tolva.core.job import FINISHED, State
from tolva.db.pool import Connection
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator, Viewer
from tolva.web.access.caller import Caller
from tolva.web.arriving import in_upload_thread
from tolva.web.multipart import receive_form
from tolva.web.pages.entry import to
from tolva.web.pages.once import new_token
from tolva.web.pages.panel import Tell
from tolva.web.pages.shell import Shell
from tolva.workloads.intake.messages import told_error
from tolva.workloads.intake.pages.deliveries import MOST_FILES, Deliveries, Delivery
from tolva.workloads.intake.pages.schema_choice import CONSTANT, schema_choice
from tolva.workloads.intake.pages.sent import Sent, accept_all, corrects_in
from tolva.workloads.intake.pages.tellers import tellers
from tolva.workloads.intake.schemas import list_schemas
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.stored import find_upload

RECENT = MOST_FILES
"""Uploads that the page lists: all the files of one form."""


def upload_pages(jobs: Jobs, blobs: Blobs, most_bytes: int, shell: Shell) -> APIRouter:
    """`/upload`."""
    router = APIRouter(prefix="/upload", include_in_schema=False)
    page = UploadPage(jobs, blobs, most_bytes, shell)

    @router.get("")
    def form(request: Request, by: Viewer) -> Response:
        return page.show(request, by, dict(request.query_params))

    @router.get("/recent")
    def recent(request: Request, by: Viewer) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            return shell.page(request, by, "intake/_recent.html", **_recent(conn))

    @router.post("")
    async def send(request: Request, by: Operator) -> Response:
        with ExitStack() as held:
            received = Deliveries(blobs, most_bytes, held)
            filled = await receive_form(request, "file", received, MOST_FILES * most_bytes)
            return await in_upload_thread(partial(page.take, request, by, filled, received.all))

    return router


@dataclass(frozen=True)
class UploadPage:
    """The form, and what became of its files."""

    jobs: Jobs
    blobs: Blobs
    most_bytes: int
    shell: Shell

    def show(
        self, request: Request, by: Caller, filled: dict[str, str], sent: Sent | None = None, status: int = 200
    ) -> Response:
        """The form as it was filled in, above the latest uploads."""
        with self.jobs.db.transaction(by.tenant_id) as conn:
            choice = schema_choice(conn, filled.get("schema"))
            told = _recent(conn) | {"corrected": _corrected(conn, filled, choice.chosen.name)}
        shown = {"choice": choice, "filled": filled, "sent": sent, "token": new_token()} | told
        limits: dict[str, Any] = {"most_mb": self.most_bytes // 1024**2, "most_files": MOST_FILES, "constant": CONSTANT}
        return self.shell.page(request, by, "intake/upload.html", status, **shown, **limits)

    def take(self, request: Request, by: Caller, filled: dict[str, str], received: Sequence[Delivery]) -> Response:
        """Accept the files, and go where their jobs can be seen, or tell what was refused."""
        sent = accept_all(self.jobs, by, filled, received)
        if sent.stopped:
            # without the form: it needs the database, which may be what stopped it
            told = self.shell.page(request, by, "intake/stopped.html", sent.stopped.status, sent=sent)
            told.headers.update(sent.stopped.headers)
            return told
        if sent.refused or not sent.jobs:
            return self.show(request, by, filled, sent, 400)
        if len(sent.jobs) > 1:
            return to("/upload#recent")
        [(_, job)] = sent.jobs
        return to(f"/uploads/{job}" if sent.dry_run else f"/jobs/{job}")


def _corrected(conn: Connection, filled: Mapping[str, str], schema: str) -> DictRow | None:
    """The upload that the files are to correct, where the address names one for that schema."""
    corrects = corrects_in(filled)
    upload = find_upload(conn, str(corrects)) if corrects else None
    return upload if upload and upload["schema"] == schema else None


def _recent(conn: Connection) -> dict[str, Any]:
    """The last uploads, each with what its sender may read of its error; and whether one of them still moves."""
    found = conn.execute(SQL["latest_uploads"], {"most": RECENT}).fetchall()
    tell = tellers(conn, [str(each["id"]) for each in found if each["error"]])
    titles = {each["name"]: each["title"] for each in list_schemas(conn)}
    told = [
        each
        | {"told": _told(each, tell.get(str(each["id"]))), "ended": State(each["state"]) in FINISHED}
        | {"for": titles.get(each["schema"], each["schema"])}
        for each in found
    ]
    return {"recent": told, "moving": any(not each["ended"] for each in told), "now": datetime.now(UTC)}


def _told(upload: DictRow, tell: Tell | None) -> str | None:
    message = told_error(upload)
    return tell(message) if message and tell else message
