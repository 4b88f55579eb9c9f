"""The page that shows how a stored file is read before it is loaded, and takes corrections."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from psycopg.rows import DictRow
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from tolva.connectors.blobs import Blobs
from tolva.core.job import FINISHED, JobId, State
from tolva.db.pool import Connection
from tolva.errors import Busy, InvalidInput
from tolva.jobs.store import get_job
from tolva.jobs.work import Jobs
from tolva.tables.schema import Schema
from tolva.web.access.asking import Operator, Viewer
from tolva.web.access.caller import Caller
from tolva.web.pages.entry import to
from tolva.web.pages.once import new_token, once_key
from tolva.web.pages.shell import Shell
from tolva.web.seats import Seats
from tolva.workloads.intake.accept import LOAD, REHEARSE, accept_again
from tolva.workloads.intake.corrected import corrected_upload
from tolva.workloads.intake.messages import told_error
from tolva.workloads.intake.pages.answers import Answers, answers_in, answers_with
from tolva.workloads.intake.pages.claims import claims_of, names_passed_over
from tolva.workloads.intake.pages.columns import called_so
from tolva.workloads.intake.pages.field_titles import with_titles
from tolva.workloads.intake.preview import preview
from tolva.workloads.intake.schemas import schema_of
from tolva.workloads.intake.stored import effective_load, require_upload
from tolva.workloads.intake.unclear import LOCALES

FORM = "form"
"""The field that tells a form's answers from none."""
ENCODINGS = ("utf-8", "windows-1252", "iso-8859-1", "utf-16", "cp850", "mac-roman")
DELIMITERS = (",", ";", "\t", "|")
AGAIN = "2"
"""Seconds until a page that found no seat is asked for again, by the browser itself."""


async def _form(request: Request) -> FormData:
    return await request.form()


Form = Annotated[FormData, Depends(_form)]


@dataclass(frozen=True)
class StoredFiles:
    """What it takes to read a stored file."""

    jobs: Jobs
    blobs: Blobs
    seats: Seats
    defaults: Mapping[str, str]

    def shown(self, by: Caller, id: JobId, said: Answers, schema: Schema) -> dict[str, Any]:
        """What was found, or why it cannot be read so, for the template. Raises Busy."""
        try:
            found = self._found(by, id, said)
        except InvalidInput as error:
            return {"found": None, "fault": str(error)}
        for row in found["rows"]:
            row["errors"] = [with_titles(error, schema) for error in row["errors"]]
        problem = found["problem"] and with_titles(found["problem"], schema)
        columns = found["columns"]
        called = {column["name"]: called_so(column["name"], column["header"]) for column in columns}
        told = {"claims": claims_of(found), "passed_over": names_passed_over(columns, schema)}
        return {"found": found | {"problem": problem}, "fault": None, "called": called} | told

    def _found(self, by: Caller, id: JobId, said: Answers) -> dict[str, Any]:
        with self.seats.taken(), self.blobs.scratch() as scratch:
            return preview(
                self.jobs.db, self.blobs, by.tenant_id, id, scratch, self.defaults, None, said.read, said.mapping
            )


def preview_pages(jobs: Jobs, shell: Shell, files: StoredFiles) -> APIRouter:
    """`/uploads`."""
    router = APIRouter(prefix="/uploads", include_in_schema=False)

    @router.get("/{id}")
    def shown(request: Request, id: UUID, by: Viewer) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            told = _upload(conn, JobId(str(id)))
        told |= _form_of(told["upload"], request.query_params)
        try:
            told |= files.shown(by, JobId(str(id)), told["said"], told["schema"])
        except Busy:
            busy = shell.page(request, by, "intake/busy.html", 503, **told)
            busy.headers["Refresh"] = AGAIN
            return busy
        return shell.page(request, by, "intake/preview.html", **told)

    @router.get("/{id}/foretold")
    def foretold(request: Request, id: UUID, by: Viewer) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            told = _upload(conn, JobId(str(id)))
        return shell.page(request, by, "intake/_foretold.html", **told, same=True, token=new_token())

    @router.post("/{id}")
    def again(id: UUID, by: Operator, form: Form) -> Response:
        given = _texts(form)
        return _begin(jobs, by, id, REHEARSE if given.get("kind") == REHEARSE else LOAD, given, answers_in(given))

    @router.post("/{id}/load")
    def load(id: UUID, by: Operator, form: Form) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            said = answers_with(_upload(conn, JobId(str(id)))["upload"]["options"])
        return _begin(jobs, by, id, LOAD, _texts(form), said)

    return router


def _texts(form: FormData) -> dict[str, str]:
    return {name: str(value) for name, value in form.items()}


def _begin(jobs: Jobs, by: Caller, id: UUID, kind: str, given: Mapping[str, str], said: Answers) -> Response:
    """Load or rehearse it as it was said, and go to where that is shown."""
    options = said.to_options()
    key = once_key(given.get("token", ""), kind, str(id), options)
    made = accept_again(jobs, by, JobId(str(id)), kind, options, key)
    return to(f"/uploads/{made}" if kind == REHEARSE else f"/jobs/{made}")


def _form_of(upload: DictRow, query: QueryParams) -> dict[str, Any]:
    """What the form shows and offers: the answers in the address, or those that the upload came with."""
    before = answers_with(upload["options"])
    said = answers_in(dict(query)) if FORM in query else before
    return {
        "locales": _offered(LOCALES, said.read.locale),
        "encodings": _offered(ENCODINGS, said.read.encoding),
        "delimiters": _offered(DELIMITERS, said.read.delimiter),
        "said": said,
        "token": new_token(),
        "same": said == before,
    }


def _upload(conn: Connection, id: JobId) -> dict[str, Any]:
    """An upload with its schema and job, for the templates. Raises NotFound."""
    upload = require_upload(conn, id)
    job = get_job(conn, id)
    told = {"upload": upload, "schema": schema_of(conn, upload), "job": job}
    told |= {"ended": State(job["state"]) in FINISHED, "message": told_error(job)}
    return told | {"loaded": effective_load(conn, upload), "corrected": corrected_upload(conn, upload)}


def _offered(usual: tuple[str, ...], said: str | None) -> tuple[str, ...]:
    """What can be chosen, with what was said even where that is unusual: the form has to say it again."""
    return usual if not said or said in usual else (*usual, said)
