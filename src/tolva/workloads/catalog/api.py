"""The HTTP face of the catalog contract."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from fastapi.concurrency import contextmanager_in_threadpool
from fastapi.responses import FileResponse, Response, StreamingResponse
from psycopg.rows import DictRow

from tolva.connectors.blobs import Blobs
from tolva.core.job import JobId
from tolva.db.pool import Connection
from tolva.errors import Conflict, KeyReused, NotFound
from tolva.jobs.work import Jobs
from tolva.logs import log_also
from tolva.tables.check import check_constants
from tolva.tables.document import builtin_schema
from tolva.tables.reading.options import ReadOptions
from tolva.tables.template import write_template
from tolva.web.access.asking import Operator, Viewer
from tolva.web.access.caller import Caller
from tolva.web.arriving import in_upload_thread
from tolva.web.download import CSV, SEPARATORS, XLSX, Separator, attachment, files, workbook
from tolva.web.etag import UNCHANGED, IfNoneMatch, unchanged
from tolva.web.located import locate
from tolva.web.multipart import file_form, receive_file
from tolva.web.problems import problems
from tolva.workloads.catalog.answers import Received, Status
from tolva.workloads.catalog.view import MOST_LISTED, accepted_view, status_view
from tolva.workloads.intake.accept import LOAD, Arrival, accept, upload_options
from tolva.workloads.intake.download_names import download_name
from tolva.workloads.intake.export import error_lines
from tolva.workloads.intake.reception import Reception
from tolva.workloads.intake.sql import SQL
from tolva.workloads.intake.upload_parameters import Locale

SCHEMA = "products"
ACCEPTED = (".xlsx", ".csv")
"""What the contract takes; other callers bring more kinds."""
SAMPLE = "codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias\n001,Guantes,1.50,CS-1,3\n"
KEY_REUSED = "La Idempotency-Key ya se usó con otro archivo, proveedor o locale (tarea {}). Envíelo con otra clave."


def catalog_router(jobs: Jobs, blobs: Blobs, prefix: str, most_bytes: int, defaults: Mapping[str, str]) -> APIRouter:
    """The contract's calls below one of its two prefixes."""
    router = APIRouter(prefix=prefix, tags=["catalog"])
    loads = Loads(jobs, blobs, prefix, most_bytes)

    @router.post(
        "/items/bulk-upload",
        status_code=202,
        response_model=Received,
        openapi_extra=file_form(SAMPLE),
        responses=problems(403, 409, 413, 415, 507),
    )
    async def bulk_upload(
        request: Request,
        response: Response,
        by: Operator,
        proveedor_id: Annotated[str, Query(min_length=1, examples=["P1"])],
        locale: Locale = None,
        idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
    ) -> dict[str, Any]:
        """Takes a workbook or CSV of products and loads it."""
        taken = await loads.take(request, by, proveedor_id, idempotency_key, locale)
        locate(response, taken["status_url"])
        return taken

    @router.get(
        "/bulk-upload/status/{task_id}",
        response_model=Status,
        response_model_exclude_unset=True,
        responses=problems(404) | UNCHANGED,
    )
    def status(task_id: str, by: Viewer, response: Response, if_none_match: IfNoneMatch = None) -> Any:
        """Where a load stands. Its ETag changes with it."""
        return loads.status(by, task_id, response, if_none_match)

    @router.get("/bulk-upload/errores/{task_id}", response_class=Response, responses=files(CSV) | problems(404))
    def errors(task_id: str, by: Viewer, separator: Separator = "comma") -> StreamingResponse:
        """The refused rows, as CSV."""
        return loads.errors(by, task_id, SEPARATORS[separator])

    @router.get("/bulk-upload/plantilla", response_class=FileResponse, responses=files(XLSX))
    def template(_by: Viewer, *, ejemplo: bool = False) -> FileResponse:
        """A workbook to fill in, empty or with examples."""
        schema = builtin_schema(SCHEMA).with_defaults(defaults)
        return workbook(f"plantilla-{SCHEMA}.xlsx", lambda path: write_template(schema, path, example=ejemplo))

    return router


@dataclass(frozen=True)
class Loads:
    """Loads of products, told of below one of the prefixes."""

    jobs: Jobs
    blobs: Blobs
    prefix: str
    most_bytes: int

    async def take(
        self, request: Request, by: Caller, supplier: str, key: str | None, locale: str | None
    ) -> dict[str, Any]:
        """Receive a file and make its job. Raises InvalidInput, TooLarge, Conflict."""
        constants = check_constants({"proveedor_id": supplier}, builtin_schema(SCHEMA))
        options = upload_options(ReadOptions(locale=locale), {})
        async with contextmanager_in_threadpool(self.blobs.receive(self.most_bytes)) as writer:
            sink = Reception(writer, ACCEPTED)
            await receive_file(request, "file", sink, self.most_bytes)
            arrival = Arrival(SCHEMA, sink.filename, constants, key, options=options)
            try:
                job = await in_upload_thread(partial(accept, self.jobs, by, arrival, sink.kind, writer))
            except KeyReused as error:
                raise Conflict(KEY_REUSED.format(error.first)) from error
        return accepted_view(job, sink.filename, constants, self.prefix)

    def status(self, by: Caller, task_id: str, response: Response, known: str | None) -> Any:
        """How far one is, unless its version is the `known` one. Raises NotFound."""
        with self.jobs.db.transaction(by.tenant_id) as conn:
            row = _task(conn, task_id)
            if same := unchanged(response, row["seq"], known):
                return same
            given = {"job_id": row["id"], "after": 0, "most": MOST_LISTED}
            bad = conn.execute(SQL["bad_rows"], given).fetchall() if row["finished_at"] else []
        return status_view(row, bad, self.prefix)

    def errors(self, by: Caller, task_id: str, separator: str) -> StreamingResponse:
        """The refused rows of one, as CSV. Raises NotFound."""
        with self.jobs.db.transaction(by.tenant_id) as conn:
            task = _task(conn, task_id)
        lines = error_lines(self.jobs.db, by.tenant_id, JobId(str(task["id"])), separator)
        named = attachment(download_name(task["filename"], "errores", ".csv"))
        return StreamingResponse(lines, media_type=CSV, headers=named)


def _task(conn: Connection, task_id: str) -> DictRow:
    """A load of products. Raises NotFound for dry runs, other schemas and what is no id at all."""
    with suppress(ValueError):
        asked = {"job_id": UUID(task_id), "schema": SCHEMA, "kind": LOAD}
        log_also(job=str(asked["job_id"]))
        if row := conn.execute(SQL["upload_status"], asked).fetchone():
            return row
    raise NotFound(f"No existe la tarea {task_id}.")
