"""What is remembered of columns, over HTTP: to see it, and to forget it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from tolva.errors import InvalidInput
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator, Viewer
from tolva.web.access.caller import Caller
from tolva.web.problems import problems
from tolva.workloads.intake.mappings import forget_mappings, list_mappings
from tolva.workloads.intake.said_locale import forget_locale, list_locales
from tolva.workloads.intake.schema_answers import Mappings
from tolva.workloads.intake.schemas import schema_document
from tolva.workloads.intake.upload_parameters import CONSTANTS, Params, from_json

SaidLocale = Annotated[str | None, Query(description="As it was said.", examples=["es-CO"])]


def mappings_router(jobs: Jobs) -> APIRouter:
    """The calls below /api/v1/schemas/{name}/mappings. Raises NotFound for a schema that there is not."""
    router = APIRouter(prefix="/api/v1/schemas/{name}/mappings", tags=["schemas"], responses=problems(404))

    @router.get("", response_model=Mappings)
    def get_mappings(name: str, by: Viewer) -> dict[str, Any]:
        """What was said of columns, for any file with that header or those of one outline; and of numbers and dates."""
        with jobs.db.transaction(by.tenant_id) as conn:
            schema_document(conn, name)
            return {"mappings": list_mappings(conn, name), "locales": list_locales(conn, name)}

    @router.delete("", status_code=204, responses=problems(403))
    def delete_mappings(name: str, by: Operator, locale: SaidLocale = None, params: Params = None) -> Response:
        """Forgets all of it; with a locale, what was said of numbers and dates by that one alone.

        With `params` beside it, what was said so of files that came with these alone.
        """
        given = from_json("params", CONSTANTS, params)
        if locale is None:
            if given:
                raise InvalidInput("params: say whose `locale` is to be forgotten; of columns it is for all.")
            return _forgotten(by, name, None)
        with jobs.db.transaction(by.tenant_id) as conn:
            schema_document(conn, name)
            forget_locale(conn, by, name, locale, given)
        return Response(status_code=204)

    @router.delete("/{column:path}", status_code=204, responses=problems(403))
    def delete_mapping(name: str, column: str, by: Operator) -> Response:
        """Forgets what was said of a column: a header, or a place such as `@3`."""
        return _forgotten(by, name, column)

    def _forgotten(by: Caller, name: str, column: str | None) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            schema_document(conn, name)
            forget_mappings(conn, by, name, column)
        return Response(status_code=204)

    return router
