"""Which jobs the form of a list means: those that were selected, or all that match its filter."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import BaseModel, Field, model_validator
from starlette.datastructures import QueryParams

from tolva.core.job import JobId, State
from tolva.db.pool import Connection
from tolva.jobs.counted import Counted
from tolva.jobs.letters import LetterFilter, LetterPlace, with_letter
from tolva.jobs.listing import JobFilter, count_matching
from tolva.jobs.sql import SQL
from tolva.web.api.texts import ZonedMoment
from tolva.web.letter_places import Cursor, cursor, place
from tolva.web.pages.entry import local
from tolva.web.portions import Met, met_jobs, met_letters

MOST_SELECTED = 500
"""Jobs that can be selected one by one."""


class Choice(BaseModel):
    """The form of a list, and of the preview that follows it. `back` is the list with its filter.

    `before` is where to go on behind the jobs of the preview before: a job's id, or the cursor of a letter. `seen` is
    the time of the preview: what came later is not meant. No field is called `id`: it would hide the form's own from
    scripts.
    """

    list_path: ClassVar[str]
    job: Annotated[list[UUID], Field(max_length=MOST_SELECTED)] = []
    scope: Literal["selected", "matching"] = "selected"
    back: str = ""
    seen: Annotated[ZonedMoment, Field(default_factory=lambda: datetime.now(UTC))]
    before: Cursor | UUID | None = None
    confirm: bool = False

    @model_validator(mode="after")
    def _all_that_match_a_filter(self) -> Self:
        """Without its list, `matching` would mean all jobs that there are."""
        if self.scope == "matching" and urlsplit(local(self.back)).path != self.list_path:
            raise ValueError(f"say which: `back` is {self.list_path} with the filter of the list")
        return self

    @property
    def query(self) -> QueryParams:
        """The filter of the list."""
        return QueryParams(urlsplit(local(self.back)).query)


class JobsChoice(Choice):
    """The form of the list of jobs."""

    list_path: ClassVar[str] = "/jobs"
    action: Literal["cancel", "retry"]


class LettersChoice(Choice):
    """The form of the list of dead letters."""

    list_path: ClassVar[str] = "/dead-letters"
    action: Literal["retry", "dismiss"]


@dataclass(frozen=True)
class Selection:
    """Jobs that were `found` to be in a state that allows it; `next` goes on behind them where there are more.

    For a preview, `meant` is how many were meant, and `left_out` how many of these are in another state: None where not
    all were counted.
    """

    found: Sequence[JobId]
    next: Cursor | UUID | None = None
    meant: Counted | None = None
    left_out: int | None = None


def _selection(
    choice: Choice, meant: Counted | None, found: Sequence[JobId], following: Cursor | UUID | None = None
) -> Selection:
    whole = meant is not None and meant.exact and choice.before is None and following is None
    return Selection(found, following, meant, meant.number - len(found) if meant and whole else None)


def chosen_jobs(
    conn: Connection, tenant_id: str, choice: Choice, asked: JobFilter, possible: tuple[State, ...]
) -> Selection:
    """Jobs of the list of jobs; `asked` is its filter."""
    if choice.scope == "selected":
        return _selection(choice, *_among(conn, choice.job, possible))
    until = min(asked.created_before, choice.seen) if asked.created_before else choice.seen
    wanted = replace(asked, created_before=until)
    states = tuple(state for state in possible if state in (wanted.states or possible))
    before = JobId(str(choice.before)) if isinstance(choice.before, UUID) else None
    found = met_jobs(conn, tenant_id, replace(wanted, states=states), before) if states else Met[JobId]([])
    if choice.confirm:
        meant = None
    elif before is None and set(states) == set(wanted.states):  # all that match allow it: what was found is counted
        meant = Counted(len(found.jobs), exact=found.next is None)
    else:
        meant = count_matching(conn, tenant_id, wanted)
    return _selection(choice, meant, found.jobs, UUID(found.next) if found.next else None)


def _among(conn: Connection, ids: Sequence[UUID], possible: tuple[State, ...]) -> tuple[Counted, list[JobId]]:
    """Those of the tenant; of another's nothing is said."""
    rows = conn.execute(SQL["jobs_among"], {"ids": ids, "states": list(State)}).fetchall()
    return Counted(len(rows)), [JobId(row["id"]) for row in rows if row["state"] in possible]


def chosen_letters(conn: Connection, tenant_id: str, choice: Choice, asked: LetterFilter) -> Selection:
    """The jobs of dead letters; `asked` is the filter of their list."""
    if choice.scope == "selected":
        meant, ids = _among(conn, choice.job, tuple(State))
        return _selection(choice, meant, with_letter(conn, ids))
    before = place(choice.before) if isinstance(choice.before, str) else LetterPlace(choice.seen, 0)
    found = met_letters(conn, tenant_id, asked, before)
    meant = Counted(len(found.jobs), exact=found.next is None)
    return _selection(choice, meant, found.jobs, cursor(found.next))
