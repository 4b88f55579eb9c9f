"""Many jobs at once, from the form of a list: first a page that says which, then, on its button, the deed."""

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
from tolva.web.pages.asked import jobs_asked, letters_asked
from tolva.web.pages.chosen import Choice, Chosen, chosen_jobs, chosen_letters
from tolva.web.pages.entry import local, to
from tolva.web.pages.formats import zone_of
from tolva.web.pages.panel import Panels
from tolva.web.pages.shell import Shell
from tolva.web.pages.told import Told, telling
from tolva.web.portions import MOST, steer
from tolva.web.steering import cancel_jobs, dismiss_letters, replay_jobs

FEW = 5
"""Jobs that a preview names."""
Action = Literal["cancel", "retry", "dismiss"]
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

    def answer(request: Request, by: Caller, choice: Choice, action: Action, chosen: Chosen) -> Response:
        if choice.confirm:
            return _done(jobs, by, choice, action, chosen)
        given = {"ids": list(chosen.found[:FEW]), "states": list(State)}
        with jobs.db.transaction(by.tenant_id) as conn:
            few = conn.execute(SQL["jobs_among"], given).fetchall()
        return shell.page(
            request,
            by,
            "confirm.html",
            action=action,
            back=local(choice.back),
            choice=choice,
            chosen=chosen,
            few=few,
            kinds=panels.titles(jobs.catalogue),
            most=MOST,
        )

    @router.post("/jobs/bulk")
    def steer_jobs(request: Request, by: Operator, choice: Annotated[JobsChoice, Form()]) -> Response:
        asked = jobs_asked(choice.query, zone_of(request), jobs.catalogue.asked_for, choice.seen)
        _, possible = DEEDS[choice.action]
        with jobs.db.transaction(by.tenant_id) as conn:
            chosen = chosen_jobs(conn, by.tenant_id, choice, asked, possible)
        return answer(request, by, choice, choice.action, chosen)

    @router.post("/dead-letters/bulk")
    def close_letters(request: Request, by: Operator, choice: Annotated[LettersChoice, Form()]) -> Response:
        with jobs.db.transaction(by.tenant_id) as conn:
            chosen = chosen_letters(conn, by.tenant_id, choice, letters_asked(choice.query))
        return answer(request, by, choice, choice.action, chosen)

    return router


def _done(jobs: Jobs, by: Caller, choice: Choice, action: Action, chosen: Chosen) -> Response:
    """Asked for again, by a double click, it finds what is left to do, which is nothing."""
    deed, _ = DEEDS[action]
    done = steer(chosen.found, lambda portion: deed(jobs, by, portion), dry_run=False)
    return telling(to(choice.back), Told(action, done.done, done.left, done.more))
