"""Which jobs the form of a list means: those that were selected, or all that match its filter."""

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
from tolva.jobs.letters import LetterFilter, LetterPlace
from tolva.jobs.listing import JobFilter, asking_among, count_matching, jobs_among
from tolva.web.api.values import Moment
from tolva.web.letter_places import Cursor, place
from tolva.web.met import Met, met_jobs, met_letters, named_jobs
from tolva.web.pages.entry import local

MOST_SELECTED = 500
"""Jobs that can be selected one by one."""


class Choice(BaseModel):
    """The form of a list, and of the preview that follows it. `back` is the list with its filter.

    `seen` is the time of the preview: what came later is not meant. `before`, with lists of their own kind, is where to
    go on behind the jobs of the preview before. No field is called `id`: it would hide the form's own from scripts.
    """

    list_path: ClassVar[str]
    job: Annotated[list[UUID], Field(max_length=MOST_SELECTED)] = []
    scope: Literal["selected", "matching"] = "selected"
    back: str = ""
    seen: Annotated[Moment, Field(default_factory=lambda: datetime.now(UTC))]
    confirm: bool = False

    @model_validator(mode="after")
    def _all_that_match_a_filter(self) -> Self:
        """Without its list, `matching` would mean all jobs that there are."""
        if self.scope == "matching" and urlsplit(local(self.back)).path != self.list_path:
            raise ValueError(f"say which: `back` is {self.list_path} with the filter of the list")
        return self

    @property
    def jobs(self) -> list[JobId]:
        """The jobs that were selected."""
        return [JobId(str(id)) for id in self.job]

    @property
    def query(self) -> QueryParams:
        """The filter of the list."""
        return QueryParams(urlsplit(local(self.back)).query)


class JobsChoice(Choice):
    """The form of the list of jobs."""

    list_path: ClassVar[str] = "/jobs"
    action: Literal["cancel", "retry"]
    before: UUID | None = None


class LettersChoice(Choice):
    """The form of the list of dead letters."""

    list_path: ClassVar[str] = "/dead-letters"
    action: Literal["retry", "dismiss"]
    before: Cursor | None = None


@dataclass(frozen=True)
class Selection:
    """Jobs that were met in a state that allows it, without `asking` ones that wait for an answer.

    For a preview, `meant` is how many were meant, and `left_out` how many of these are in another state: None where not
    all were counted.
    """

    met: Met
    meant: Counted | None = None
    left_out: int | None = None
    asking: int = 0


def without_questions(conn: Connection, selection: Selection) -> Selection:
    """The same without jobs that left a question open: to try them again would answer nothing."""
    asking = asking_among(conn, selection.met.jobs)
    return replace(selection, met=selection.met.without(asking), asking=len(asking))


def _selection(choice: JobsChoice | LettersChoice, met: Met, meant: Counted | None) -> Selection:
    whole = meant is not None and meant.exact and choice.before is None and met.next is None
    return Selection(met, meant, meant.number - len(met.jobs) if meant and whole else None)


def chosen_jobs(
    conn: Connection, tenant_id: str, choice: JobsChoice, asked: JobFilter, possible: tuple[State, ...]
) -> Selection:
    """Jobs of the list of jobs; `asked` is its filter."""
    before = JobId(str(choice.before)) if choice.before else None
    if choice.scope == "selected":
        return _selection(choice, named_jobs(conn, choice.jobs, possible, before), _selected(conn, choice))
    until = min(asked.created_before, choice.seen) if asked.created_before else choice.seen
    wanted = replace(asked, created_before=until)
    states = tuple(state for state in possible if state in (wanted.states or possible))
    met = met_jobs(conn, tenant_id, replace(wanted, states=states), before) if states else Met()
    if choice.confirm:
        meant = None
    elif before is None and set(states) == set(wanted.states):  # all that match allow it: what was met is counted
        meant = Counted(len(met.jobs), exact=met.next is None)
    else:
        meant = count_matching(conn, tenant_id, wanted)
    return _selection(choice, met, meant)


def _selected(conn: Connection, choice: Choice) -> Counted | None:
    """How many are the tenant's, for a preview; of another's nothing is said."""
    return None if choice.confirm else Counted(len(jobs_among(conn, choice.jobs)))


def chosen_letters(conn: Connection, tenant_id: str, choice: LettersChoice, asked: LetterFilter) -> Selection:
    """The jobs of dead letters; `asked` is the filter of their list."""
    if choice.scope == "selected":
        met = met_letters(conn, tenant_id, choice.jobs, place(choice.before))
        return _selection(choice, met, _selected(conn, choice))
    met = met_letters(conn, tenant_id, asked, place(choice.before) or LetterPlace(choice.seen, 0))
    return _selection(choice, met, Counted(len(met.jobs), exact=met.next is None))
