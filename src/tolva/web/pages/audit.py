"""The page of the audit log: its filters are in the address, so that it can be passed on."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tolva.db.pool import Database
from tolva.web.access.asking import Admin
from tolva.web.access.audit import NoteFilter, notes
from tolva.web.pages.deeds import Deed, deed_of
from tolva.web.pages.list_query import note_filter
from tolva.web.pages.shell import Shell

PAGE = 100
"""Lines of a page."""


def audit_pages(shell: Shell, db: Database, deeds: Sequence[Deed]) -> APIRouter:
    """`/audit`."""
    router = APIRouter(prefix="/audit", include_in_schema=False)

    @router.get("")
    def audit(request: Request, by: Admin, before: UUID | None = None) -> Response:
        asked = note_filter(request.query_params)
        with db.transaction(by.tenant_id) as conn:
            page = notes(conn, asked, before=before, most=PAGE)
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
            lines=page.lines,
            looked_back_to=page.back_to,
        )

    return router
