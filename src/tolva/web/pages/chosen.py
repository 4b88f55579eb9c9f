"""Which jobs the form of a list means: those that were selected, or all that match its filter."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field
from starlette.datastructures import QueryParams

from tolva.core.job import JobId, State
from tolva.db.pool import Connection
from tolva.jobs.counted import Counted
from tolva.jobs.letters import LetterFilter, LetterPlace, with_letter
from tolva.jobs.listing import JobFilter, count_matching
from tolva.jobs.sql import SQL
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

    job: Annotated[list[UUID], Field(max_length=MOST_SELECTED)] = []
    scope: Literal["selected", "matching"] = "selected"
    back: str = "/"
    seen: Annotated[AwareDatetime, Field(default_factory=lambda: datetime.now(UTC))]
    before: Cursor | UUID | None = None
    confirm: bool = False

    @property
    def query(self) -> QueryParams:
        """The filter of the list."""
        return QueryParams(urlsplit(local(self.back)).query)


@dataclass(frozen=True)
class Chosen:
    """`meant` jobs, of which these were `found` to be in a state that allows it; `next` goes on where there are more.

    `left_out`: how many are in another state; None where not all were counted.
    """

    meant: Counted
    found: Sequence[JobId]
    next: str | None = None
    left_out: int | None = None


def _chosen(choice: Choice, meant: Counted, found: Sequence[JobId], following: str | None = None) -> Chosen:
    whole = meant.exact and choice.before is None and following is None
    return Chosen(meant, found, following, meant.number - len(found) if whole else None)


def chosen_jobs(
    conn: Connection, tenant_id: str, choice: Choice, asked: JobFilter, possible: tuple[State, ...]
) -> Chosen:
    """Jobs of the list of jobs; `asked` is its filter."""
    if choice.scope == "selected":
        return _chosen(choice, *_among(conn, choice.job, possible))
    until = min(asked.created_before, choice.seen) if asked.created_before else choice.seen
    meant = replace(asked, created_before=until)
    states = tuple(state for state in possible if state in (meant.states or possible))
    before = JobId(str(choice.before)) if isinstance(choice.before, UUID) else None
    found = met_jobs(conn, tenant_id, replace(meant, states=states), before) if states else Met[JobId]([])
    if before is None and set(states) == set(meant.states):  # all that match allow it: what was found is counted
        number = Counted(len(found.jobs), exact=found.next is None)
    else:
        number = count_matching(conn, tenant_id, meant)
    return _chosen(choice, number, found.jobs, found.next)


def _among(conn: Connection, ids: Sequence[UUID], possible: tuple[State, ...]) -> tuple[Counted, list[JobId]]:
    """Those of the tenant; of another's nothing is said."""
    rows = conn.execute(SQL["jobs_among"], {"ids": ids, "states": list(State)}).fetchall()
    return Counted(len(rows)), [JobId(row["id"]) for row in rows if row["state"] in possible]


def chosen_letters(conn: Connection, tenant_id: str, choice: Choice, asked: LetterFilter) -> Chosen:
    """The jobs of dead letters; `asked` is the filter of their list."""
    if choice.scope == "selected":
        meant, ids = _among(conn, choice.job, tuple(State))
        return _chosen(choice, meant, with_letter(conn, ids))
    before = place(choice.before) if isinstance(choice.before, str) else LetterPlace(choice.seen, 0)
    found = met_letters(conn, tenant_id, asked, before)
    meant = Counted(len(found.jobs), exact=found.next is None)
    return _chosen(choice, meant, found.jobs, cursor(found.next))
