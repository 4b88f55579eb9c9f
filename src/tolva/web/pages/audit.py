"""The page of the audit log: its filters are in the address, so that it can be passed on."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tolva.db.pool import Connection
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Admin
from tolva.web.access.audit import NoteFilter, NotePage, notes
from tolva.web.pages.deeds import Deed, deed_of
from tolva.web.pages.list_query import note_filter
from tolva.web.pages.panel import Panels
from tolva.web.pages.shell import Shell

PAGE = 100
"""Lines of a page."""


def audit_pages(shell: Shell, jobs: Jobs, panels: Panels, deeds: Sequence[Deed]) -> APIRouter:
    """`/audit`."""
    router = APIRouter(prefix="/audit", include_in_schema=False)

    @router.get("")
    def audit(request: Request, by: Admin, before: UUID | None = None) -> Response:
        asked = note_filter(request.query_params)
        with jobs.db.transaction(by.tenant_id) as conn:
            page = _page(conn, asked, before, partial(shell.actor, request))
        return shell.page(
            request,
            by,
            "audit.html",
            asked=asked,
            before=before,
            deed_of=partial(deed_of, deeds),
            deeds=deeds,
            filtered=asked != NoteFilter(),
            following=page.following,
            kinds=panels.titles(jobs.catalogue),
            lines=page.lines,
            looked_back_to=page.back_to,
        )

    return router


def _page(conn: Connection, asked: NoteFilter, before: UUID | None, actor: Callable[[str], str]) -> NotePage:
    """Where nobody is called what was asked for, lines of whoever the reader is shown under that name."""
    page = notes(conn, asked, before=before, most=PAGE)
    if page.lines or page.following or asked.actor is None:
        return page
    return notes(conn, replace(asked, actor=actor(asked.actor)), before=before, most=PAGE)
