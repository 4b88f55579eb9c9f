"""Many jobs at once, from the form of a list: first a page that says which, then, on its button, the deed.

Where there are more than are taken at once, the next page says which come next, behind those that were met.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from tolva.core.job import JobId, State
from tolva.jobs.sql import SQL
from tolva.jobs.work import Jobs
from tolva.web.access.asking import Operator
from tolva.web.access.caller import Caller
from tolva.web.api.bulk import ENDED_BADLY, OPEN
from tolva.web.pages.chosen import Choice, Chosen, chosen_jobs, chosen_letters
from tolva.web.pages.entry import local, to
from tolva.web.pages.flash import Flash, with_flash
from tolva.web.pages.formats import zone_of
from tolva.web.pages.list_query import job_filter, letter_filter
from tolva.web.pages.panel import Panels
from tolva.web.pages.shell import Shell
from tolva.web.portions import steer
from tolva.web.steering import cancel_jobs, dismiss_letters, replay_jobs

FEW = 5
"""Jobs that a preview names."""
Action = Literal["cancel", "retry", "dismiss"]
Look = Callable[[Choice], Chosen]
Deed = Callable[[Jobs, Caller, Sequence[JobId]], Sequence[JobId]]
DEEDS: Mapping[Action, tuple[Deed, tuple[State, ...]]] = {
    "cancel": (cancel_jobs, OPEN),
    "retry": (replay_jobs, ENDED_BADLY),
    "dismiss": (dismiss_letters, (State.FAILED,)),
}
"""What can be done to many jobs, and in which states."""


class JobsChoice(Choice):
    """The form of the list of jobs."""

    action: Literal["cancel", "retry"]


class LettersChoice(Choice):
    """The form of the list of dead letters."""

    action: Literal["retry", "dismiss"]


def bulk_pages(shell: Shell, jobs: Jobs, panels: Panels) -> APIRouter:
    """`POST /jobs/bulk` and `POST /dead-letters/bulk`."""
    router = APIRouter(include_in_schema=False)

    def answer(request: Request, by: Caller, choice: Choice, action: Action, look: Look) -> Response:
        chosen = look(choice)
        if not choice.confirm:
            return preview(request, by, choice, action, chosen)
        flash = _done(jobs, by, action, chosen)
        rest = choice.model_copy(update={"before": chosen.next})
        if chosen.next and (following := look(rest)).found:
            return preview(request, by, rest, action, following, flash)
        return with_flash(request, to(choice.back), flash)

    def preview(
        request: Request, by: Caller, choice: Choice, action: Action, chosen: Chosen, flash: Flash | None = None
    ) -> Response:
        given = {"ids": list(chosen.found[:FEW]), "states": list(State)}
        with jobs.db.transaction(by.tenant_id) as conn:
            few = conn.execute(SQL["jobs_among"], given).fetchall()
        return shell.page(
            request,
            by,
            "confirm.html",
            flash=flash,
            action=action,
            back=local(choice.back),
            choice=choice,
            chosen=chosen,
            few=few,
            kinds=panels.titles(jobs.catalogue),
        )

    @router.post("/jobs/bulk")
    def steer_jobs(request: Request, by: Operator, choice: Annotated[JobsChoice, Form()]) -> Response:
        asked = job_filter(choice.query, zone_of(request), jobs.catalogue.asked_for, choice.seen)
        _, possible = DEEDS[choice.action]

        def look(choice: Choice) -> Chosen:
            with jobs.db.transaction(by.tenant_id) as conn:
                return chosen_jobs(conn, by.tenant_id, choice, asked, possible)

        return answer(request, by, choice, choice.action, look)

    @router.post("/dead-letters/bulk")
    def close_letters(request: Request, by: Operator, choice: Annotated[LettersChoice, Form()]) -> Response:
        asked = letter_filter(choice.query)

        def look(choice: Choice) -> Chosen:
            with jobs.db.transaction(by.tenant_id) as conn:
                return chosen_letters(conn, by.tenant_id, choice, asked)

        return answer(request, by, choice, choice.action, look)

    return router


def _done(jobs: Jobs, by: Caller, action: Action, chosen: Chosen) -> Flash:
    """Asked for again, by a double click, it finds what is left to do, which is nothing."""
    deed, _ = DEEDS[action]
    done = steer(chosen.found, lambda portion: deed(jobs, by, portion), dry_run=False)
    return Flash(action, done.done, done.left, more=chosen.next is not None)
