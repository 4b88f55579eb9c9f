"""The page of the audit log."""

from uuid import UUID

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tolva.db.pool import Database
from tolva.web.access.asking import Admin
from tolva.web.access.audit import notes
from tolva.web.pages.shell import Shell

PAGE = 100
"""Lines of a page."""


def audit_pages(shell: Shell, db: Database) -> APIRouter:
    """`/audit`."""
    router = APIRouter(prefix="/audit", include_in_schema=False)

    @router.get("")
    def audit(request: Request, by: Admin, before: UUID | None = None, target: str | None = None) -> Response:
        with db.transaction(by.tenant_id) as conn:
            lines = notes(conn, target=target, before=before, most=PAGE + 1)
        return shell.page(request, by, "audit.html", before=before, lines=lines[:PAGE], more=len(lines) > PAGE)

    return router
