"""Many jobs at once, from the form of a list: first a page that says which, then, on its button, the deed.

Where there are more than are taken at once, the next page says which come next, behind those that were met.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from tolva.core.job import State
from tolva.db.pool import Connection
from tolva.errors import TryLater
from tolva.jobs.listing import jobs_among
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator
from tolva.web.access.caller import Caller
from tolva.web.api.bulk import ENDED_BADLY, OPEN
from tolva.web.pages.chosen import JobsChoice, LettersChoice, Selection, chosen_jobs, chosen_letters, without_questions
from tolva.web.pages.entry import local, to
from tolva.web.pages.flash import Flash, with_flash
from tolva.web.pages.formats import zone_of
from tolva.web.pages.list_query import job_filter, letter_filter
from tolva.web.pages.panel import Panels
from tolva.web.pages.shell import Shell
from tolva.web.portions import in_portions
from tolva.web.steering import BulkDeed, cancel_jobs, dismiss_letters, replay_jobs, replay_letters

log = logging.getLogger(__name__)

FEW = 5
"""Jobs that a preview names."""
Action = Literal["cancel", "retry", "dismiss"]
AnyChoice = TypeVar("AnyChoice", JobsChoice, LettersChoice)
Select = Callable[[Connection, str, AnyChoice], Selection]
"""Which jobs of a tenant a form means."""
TO_JOBS: Mapping[Action, tuple[BulkDeed, tuple[State, ...]]] = {
    "cancel": (cancel_jobs, OPEN),
    "retry": (replay_jobs, ENDED_BADLY),
}
"""What can be done to many jobs, and in which states."""
TO_LETTERS: Mapping[Action, BulkDeed] = {"retry": replay_letters, "dismiss": dismiss_letters}
"""What can be done to the jobs of many dead letters, as long as these are open."""


def bulk_pages(shell: Shell, jobs: Jobs, panels: Panels) -> APIRouter:
    """`POST /jobs/bulk` and `POST /dead-letters/bulk`."""
    router = APIRouter(include_in_schema=False)
    bulk = Bulk(shell, jobs, panels)

    @router.post("/jobs/bulk")
    def steer_jobs(request: Request, by: Operator, choice: Annotated[JobsChoice, Form()]) -> Response:
        asked = job_filter(choice.query, zone_of(request), jobs.catalogue.asked_for, choice.seen)
        _, possible = TO_JOBS[choice.action]

        def select(conn: Connection, tenant_id: str, choice: JobsChoice) -> Selection:
            selection = chosen_jobs(conn, tenant_id, choice, asked, possible)
            return without_questions(conn, selection) if choice.action == "retry" else selection

        return bulk.answer(request, by, choice, select)

    @router.post("/dead-letters/bulk")
    def close_letters(request: Request, by: Operator, choice: Annotated[LettersChoice, Form()]) -> Response:
        return bulk.answer(request, by, choice, partial(chosen_letters, asked=letter_filter(choice.query)))

    return router


@dataclass(frozen=True)
class Bulk:
    """The answers to the forms of the lists."""

    shell: Shell
    jobs: Jobs
    panels: Panels

    def answer(self, request: Request, by: Caller, choice: AnyChoice, select: Select[AnyChoice]) -> Response:
        """A preview, or on its button the deed; then the preview of those that come next, if there are more."""
        selection = self._selection(by, choice, select)
        if not choice.confirm:
            return self._preview(request, by, choice, selection)
        deed = TO_LETTERS[choice.action] if isinstance(choice, LettersChoice) else TO_JOBS[choice.action][0]
        tally = in_portions(selection.met, lambda portion: deed(self.jobs, by, portion))
        flash = Flash(choice.action, tally.done, tally.left, more=tally.next is not None)
        if not flash.more:
            return with_flash(request, to(choice.back), flash)
        rest = type(choice).model_validate({**choice.model_dump(mode="json"), "before": tally.next, "confirm": False})
        return self._rest(request, by, rest, select, flash)

    def _rest(self, request: Request, by: Caller, rest: AnyChoice, select: Select[AnyChoice], flash: Flash) -> Response:
        """Those that come next. Where looking for them fails, what was done is told all the same."""
        try:
            following = self._selection(by, rest, select)
            if following.met.jobs:
                return self._preview(request, by, rest, following, flash)
            flash = replace(flash, more=False)
        except TryLater as error:
            log.warning("%s jobs are done, and those that come next cannot be shown: %s", flash.done, error)
        return with_flash(request, to(rest.back), flash)

    def _selection(self, by: Caller, choice: AnyChoice, select: Select[AnyChoice]) -> Selection:
        with self.jobs.db.transaction(by.tenant_id) as conn:
            return select(conn, by.tenant_id, choice)

    def _preview(
        self,
        request: Request,
        by: Caller,
        choice: JobsChoice | LettersChoice,
        selection: Selection,
        flash: Flash | None = None,
    ) -> Response:
        with self.jobs.db.transaction(by.tenant_id) as conn:
            few = jobs_among(conn, selection.met.jobs[:FEW])
        return self.shell.page(
            request,
            by,
            "confirm.html",
            flash=flash,
            action=choice.action,
            back=local(choice.back),
            choice=choice,
            few=few,
            kinds=self.panels.titles(self.jobs.catalogue),
            selection=selection,
        )
