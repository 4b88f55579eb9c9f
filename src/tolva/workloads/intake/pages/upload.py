"""The page where files are sent. Its script sends each by itself over the API; without it, the form brings them all."""

from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tolva.connectors.blobs import Blobs
from tolva.core.job import FINISHED, State
from tolva.db.pool import Connection
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator, Viewer
from tolva.web.access.caller import Caller
from tolva.web.multipart import in_upload_thread, receive_form
from tolva.web.pages.entry import to
from tolva.web.pages.once import new_token
from tolva.web.pages.shell import Shell
from tolva.workloads.intake.messages import told_error
from tolva.workloads.intake.pages.deliveries import MOST_FILES, Deliveries
from tolva.workloads.intake.pages.schema_choice import CONSTANT, schema_choice
from tolva.workloads.intake.pages.sent import Sent, accept_all
from tolva.workloads.intake.schemas import list_schemas
from tolva.workloads.intake.sql import SQL

RECENT = MOST_FILES
"""Uploads that the page lists: all the files of one form."""


def upload_pages(jobs: Jobs, blobs: Blobs, most_bytes: int, shell: Shell) -> APIRouter:
    """`/upload`."""
    router = APIRouter(prefix="/upload", include_in_schema=False)

    def page(
        request: Request, by: Caller, filled: dict[str, str], sent: Sent | None = None, status: int = 200
    ) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            choice = schema_choice(conn, filled.get("schema"))
            recent = _recent(conn)
        shown = {"choice": choice, "filled": filled, "sent": sent, "token": new_token()} | recent
        limits: dict[str, Any] = {"most_mb": most_bytes // 1024**2, "most_files": MOST_FILES, "constant": CONSTANT}
        return shell.page(request, by, "intake/upload.html", status, **shown, **limits)

    @router.get("")
    def form(request: Request, by: Viewer) -> Response:
        return page(request, by, dict(request.query_params))

    @router.get("/recent")
    def recent(request: Request, by: Viewer) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            return shell.page(request, by, "intake/_recent.html", **_recent(conn))

    @router.post("")
    async def send(request: Request, by: Operator) -> Response:
        with ExitStack() as held:
            received = Deliveries(blobs, most_bytes, held)
            filled = await receive_form(request, "file", received, MOST_FILES * most_bytes)
            sent = await in_upload_thread(partial(accept_all, jobs, by, filled, received.all))
        if sent.stopped:
            # without the form: it needs the database, which may be what stopped it
            stopped = partial(shell.page, request, by, "intake/stopped.html", sent.stopped.status, sent=sent)
            told = await in_upload_thread(stopped)
            told.headers.update(sent.stopped.headers)
            return told
        if sent.refused or not sent.jobs:
            return await in_upload_thread(partial(page, request, by, filled, sent, 400))
        if len(sent.jobs) > 1:
            return to("/upload#recent")
        [(_, job)] = sent.jobs
        return to(f"/uploads/{job}" if sent.look else f"/jobs/{job}")

    return router


def _recent(conn: Connection) -> dict[str, Any]:
    """The last uploads, each with what its sender may read of its error; and whether one of them still moves."""
    found = conn.execute(SQL["latest_uploads"], {"most": RECENT}).fetchall()
    titles = {each["name"]: each["title"] for each in list_schemas(conn)}
    told = [
        each
        | {"told": told_error(each), "ended": State(each["state"]) in FINISHED}
        | {"for": titles.get(each["schema"], each["schema"])}
        for each in found
    ]
    return {"recent": told, "moving": any(not each["ended"] for each in told), "now": datetime.now(UTC)}
