"""The page of the dead letters: what failed for good, why, and the way back."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tolva.jobs.letters import LetterFilter, LetterPlace, dead_letters
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Viewer
from tolva.web.api.values import Moment, Seq
from tolva.web.details import error_for
from tolva.web.pages.filtered import FilteredList
from tolva.web.pages.list_query import letter_filter
from tolva.web.pages.panel import Panels
from tolva.web.pages.shell import Shell

PAGE = 50
"""Letters of a page."""


def letter_pages(shell: Shell, jobs: Jobs, panels: Panels) -> APIRouter:
    """`/dead-letters`."""
    router = APIRouter(prefix="/dead-letters", include_in_schema=False)
    listed = FilteredList(shell, jobs, panels)

    @router.get("")
    def get_letters(
        request: Request,
        by: Viewer,
        failed_before: Moment | None = None,
        before: Seq = 0,
    ) -> Response:
        asked = letter_filter(request.query_params)
        place = LetterPlace(failed_before, before) if failed_before else None
        with jobs.db.transaction(by.tenant_id) as conn:
            page = dead_letters(conn, by.tenant_id, asked, before=place, most=PAGE)
            found = panels.retold(conn, page.letters, "job_id")
        letters = [letter | {"error": error_for(by, letter["error"])} for letter in found]
        told = {"first": place is None, "following": page.following, "letters": letters}
        return listed.show(request, by, "dead_letters.html", asked, LetterFilter(), **told)

    return router
