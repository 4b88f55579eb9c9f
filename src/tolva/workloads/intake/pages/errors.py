"""The grid of a job's errors: in pages, narrowed by column, code and text."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from psycopg.rows import DictRow
from starlette.requests import Request
from starlette.responses import Response

from tolva.core.job import JobId
from tolva.db.pool import Connection
from tolva.jobs.store import get_job
from tolva.jobs.work import Jobs
from tolva.tables.schema import Schema
from tolva.web.access.asking import Viewer
from tolva.web.pages.shell import Shell
from tolva.workloads.intake.found_errors import (
    Cursor,
    ErrorCounts,
    ErrorFilter,
    ErrorPage,
    count_errors,
    find_errors,
    require_errors,
)
from tolva.workloads.intake.pages.columns import Called, columns_of_errors
from tolva.workloads.intake.pages.field_titles import with_titles
from tolva.workloads.intake.pages.fragment import wants_fragment
from tolva.workloads.intake.row_places import RowPlace
from tolva.workloads.intake.schemas import schema_of
from tolva.workloads.intake.standing import standing_of
from tolva.workloads.intake.stored import find_upload

PAGE = 25
Word = Annotated[str | None, Query(max_length=200)]


@dataclass(frozen=True)
class Grid:
    """What the template of the grid shows. `first` is the page that begins with the first error.

    `columns` are those of the file by what errors call them. `undone`: its other rows are out of the table again.
    """

    wanted: ErrorFilter
    first: bool
    page: ErrorPage
    counts: ErrorCounts
    columns: Mapping[str, Called]
    undone: bool


def grid_of(conn: Connection, job: DictRow, wanted: ErrorFilter, after: Cursor, *, undone: bool) -> Grid:
    """A page of the errors of a job; `undone` is a load of which nothing is left."""
    id = JobId(str(job["id"]))
    page, counts, upload = find_errors(conn, id, wanted, after, PAGE), count_errors(conn, id), find_upload(conn, id)
    if upload:
        page = _with_titles(page, schema_of(conn, upload))
    return Grid(wanted, after == Cursor(), page, counts, columns_of_errors(job["progress"]), undone)


def _with_titles(page: ErrorPage, schema: Schema) -> ErrorPage:
    return replace(page, errors=[error | {"message": with_titles(error["message"], schema)} for error in page.errors])


def errors_pages(jobs: Jobs, shell: Shell) -> APIRouter:
    """`/jobs/{id}/errors`."""
    router = APIRouter(prefix="/jobs", include_in_schema=False)

    @router.get("/{id}/errors")
    def get_errors(
        request: Request,
        id: UUID,
        by: Viewer,
        column: Word = None,
        code: Word = None,
        search: Word = None,
        after_row: RowPlace = -1,
        after_n: RowPlace = -1,
    ) -> Response:
        wanted = ErrorFilter(column or None, code or None, search or None)
        with jobs.db.transaction(by.tenant_id) as conn:
            require_errors(conn, JobId(str(id)))
            job = get_job(conn, JobId(str(id)))
            undone = standing_of(conn, str(id)).undone
            grid = grid_of(conn, job, wanted, Cursor(after_row, after_n), undone=undone)
        template = "intake/_errors.html" if wants_fragment(request) else "intake/errors.html"
        return shell.page(request, by, template, job=job, grid=grid)

    return router
