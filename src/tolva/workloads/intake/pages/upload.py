"""The page where files are sent. Its script sends each by itself over the API; without it, the form brings them all."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter
from psycopg.rows import DictRow
from starlette.requests import Request
from starlette.responses import Response

from tolva.connectors.blobs import Blobs
from tolva.core.job import FINISHED, JobId, State
from tolva.db.pool import Connection
from tolva.errors import CallerError, InvalidInput, TryLater
from tolva.jobs.work import Jobs
from tolva.tables.check import check_constants
from tolva.web.access.asking import Operator, Viewer
from tolva.web.access.caller import Caller
from tolva.web.faults import said_of
from tolva.web.multipart import in_upload_thread, receive_form
from tolva.web.pages.entry import to
from tolva.web.pages.once import new_token, once_key
from tolva.web.pages.shell import Shell
from tolva.workloads.intake.accept import LOAD, REHEARSE, Arrival, accept
from tolva.workloads.intake.messages import public_message
from tolva.workloads.intake.pages.deliveries import MOST_FILES, Deliveries, Delivery
from tolva.workloads.intake.pages.schema_choice import CONSTANT, constants_in, schema_choice
from tolva.workloads.intake.schemas import accepting_schema, list_schemas
from tolva.workloads.intake.sql import SQL

RECENT = MOST_FILES
"""Uploads that the page lists: all the files of one form."""


@dataclass(frozen=True)
class Sent:
    """What became of the files of a form, each by its name: its job, or why it was refused."""

    look: bool
    jobs: list[tuple[str, JobId]] = field(default_factory=list[tuple[str, JobId]])
    refused: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


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
            sent = await in_upload_thread(partial(_accept_all, jobs, by, filled, received.all))
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
        | {"told": _told_error(each), "ended": State(each["state"]) in FINISHED}
        | {"for": titles.get(each["schema"], each["schema"])}
        for each in found
    ]
    return {"recent": told, "moving": any(not each["ended"] for each in told), "now": datetime.now(UTC)}


def _told_error(job: DictRow) -> str | None:
    ended = State(job["state"]) in FINISHED
    return public_message(job["error"], str(job["id"]), ended=ended) if job["error"] else None


def _accept_all(jobs: Jobs, by: Caller, filled: dict[str, str], received: list[Delivery]) -> Sent:
    """Each file by itself: what is refused of one says nothing of the others."""
    sent, name = Sent(filled.get("look") != "no"), filled.get("schema", "")
    with jobs.db.transaction(by.tenant_id) as conn:
        try:
            schema, version = accepting_schema(conn, name)
            constants = check_constants(constants_in(filled), schema)
        except CallerError as error:
            sent.refused.extend((delivery.filename, str(error)) for delivery in received)
            return sent
    kind = REHEARSE if sent.look else LOAD
    for delivery in received:
        key = once_key(filled.get("token", ""), kind, name, constants, delivery.writer.blake3)
        arrival = Arrival(name, delivery.filename, constants, key, version, kind)
        try:
            sent.jobs.append((delivery.filename, _accept(jobs, by, arrival, delivery)))
        except (CallerError, TryLater) as error:  # the files before it are kept, and this one can be sent again
            sent.refused.append((delivery.filename, said_of(error)))
    return sent


def _accept(jobs: Jobs, by: Caller, arrival: Arrival, delivery: Delivery) -> JobId:
    if delivery.fault:
        raise InvalidInput(delivery.fault)
    return accept(jobs, by, arrival, delivery.reception.kind, delivery.writer)
