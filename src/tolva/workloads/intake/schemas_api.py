"""Schemas over HTTP: each tenant's own in versions, those of the package to read; their DDL and template workbooks."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from fastapi.responses import FileResponse, PlainTextResponse

from tolva.connectors.destinations import Destinations
from tolva.jobs.work import Jobs
from tolva.tables.document import load_schema
from tolva.tables.template import write_template
from tolva.web.access.asking import Admin, Viewer
from tolva.web.access.audit import note
from tolva.web.api.values import Version
from tolva.web.download import XLSX, files, workbook
from tolva.web.problems import problems
from tolva.workloads.intake.schema_answers import DOCUMENT, KeptSchema, Schemas, SchemaVersion
from tolva.workloads.intake.schemas import (
    find_schema,
    list_schemas,
    put_schema,
    schema_document,
    target_ddl,
    target_ready,
    with_configured,
    withdraw_schema,
)

Document = Annotated[
    dict[str, Any], Body(description="A Table Schema document with `target` and `primaryKey`.", examples=[DOCUMENT])
]

SQL_TEXT = "application/sql; charset=utf-8"


def schemas_router(jobs: Jobs, destinations: Destinations, defaults: Mapping[str, str]) -> APIRouter:
    """The calls below /api/v1/schemas."""
    router = APIRouter(prefix="/api/v1/schemas", tags=["schemas"])

    @router.get("", response_model=Schemas)
    def get_schemas(by: Viewer) -> dict[str, Any]:
        """All schemas that files can be loaded for."""
        with jobs.db.transaction(by.tenant_id) as conn:
            return {"schemas": list_schemas(conn)}

    @router.get("/{name}", response_model=SchemaVersion, responses=problems(404, 507))
    def get_schema(name: str, by: Viewer, version: Version | None = None) -> dict[str, Any]:
        """A schema's document, and whether its table is there."""
        with jobs.db.transaction(by.tenant_id) as conn:
            document, found = schema_document(conn, name, version)
            ready = target_ready(conn, destinations, by.tenant_id, load_schema(document))
        return {"name": name, "version": found, "document": document, "target_ready": ready}

    @router.put("/{name}", status_code=201, response_model=KeptSchema, responses=problems(403, 409, 507))
    def put(name: str, document: Document, by: Admin) -> dict[str, Any]:
        """Keeps a new version. Uploads that are there go on with theirs."""
        with jobs.db.transaction(by.tenant_id) as conn:
            version, ready = put_schema(conn, destinations, by.tenant_id, name, document)
            note(conn, by, "schema.put", name, version=version)
        return {"name": name, "version": version, "target_ready": ready}

    @router.delete("/{name}", status_code=204, responses=problems(403, 404, 409))
    def delete(name: str, by: Admin) -> Response:
        """Withdraws a schema: it takes no more uploads. Its table and its versions stay."""
        with jobs.db.transaction(by.tenant_id) as conn:
            withdraw_schema(conn, by.tenant_id, name)
            note(conn, by, "schema.withdraw", name)
        return Response(status_code=204)

    @router.get("/{name}/ddl", response_class=Response, responses=files(SQL_TEXT) | problems(404))
    def ddl(name: str, by: Viewer) -> PlainTextResponse:
        """The statements that make its table, for an administrator of the database."""
        with jobs.db.transaction(by.tenant_id) as conn:
            schema, _ = find_schema(conn, name)
        return PlainTextResponse(target_ddl(schema), media_type=SQL_TEXT)

    @router.get("/{name}/template", response_class=FileResponse, responses=files(XLSX) | problems(404))
    def template(name: str, by: Viewer, *, example: bool = False) -> FileResponse:
        """A workbook to fill in, empty or with examples."""
        with jobs.db.transaction(by.tenant_id) as conn:
            schema = with_configured(*find_schema(conn, name), defaults)
        return workbook(f"plantilla-{name}.xlsx", lambda path: write_template(schema, path, example=example))

    return router
