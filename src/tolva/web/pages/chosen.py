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
from tolva.jobs.letters import LetterFilter, LetterPlace, dead_jobs, with_letter
from tolva.jobs.listing import JobFilter, count_matching, matching_ids
from tolva.jobs.sql import SQL
from tolva.web.pages.entry import local
from tolva.web.portions import MOST

MOST_SELECTED = 500
"""Jobs that can be selected one by one."""


class Choice(BaseModel):
    """The form of a list, and of the preview that follows it. `back` is the list with its filter.

    `seen` is the time of the preview: what came later is not meant. No field is called `id`: it would hide the form's
    own from scripts.
    """

    job: Annotated[list[UUID], Field(max_length=MOST_SELECTED)] = []
    scope: Literal["selected", "matching"] = "selected"
    back: str = "/"
    seen: Annotated[AwareDatetime, Field(default_factory=lambda: datetime.now(UTC))]
    confirm: bool = False

    @property
    def query(self) -> QueryParams:
        """The filter of the list."""
        return QueryParams(urlsplit(local(self.back)).query)


@dataclass(frozen=True)
class Chosen:
    """`meant` jobs, of which these were `found` to be in a state that allows it, looked for up to MOST + 1."""

    meant: Counted
    found: Sequence[JobId]

    @property
    def left_out(self) -> int | None:
        """How many are not; None where not all were counted."""
        return self.meant.number - len(self.found) if self.meant.exact and len(self.found) <= MOST else None


def chosen_jobs(
    conn: Connection, tenant_id: str, choice: Choice, asked: JobFilter, possible: tuple[State, ...]
) -> Chosen:
    """Jobs of the list of jobs; `asked` is its filter."""
    if choice.scope == "selected":
        return _among(conn, choice.job, possible)
    until = min(asked.created_before, choice.seen) if asked.created_before else choice.seen
    meant = replace(asked, created_before=until)
    states = tuple(state for state in possible if state in (meant.states or possible))
    found = matching_ids(conn, tenant_id, replace(meant, states=states), most=MOST + 1) if states else []
    return Chosen(count_matching(conn, tenant_id, meant), found)


def _among(conn: Connection, ids: Sequence[UUID], possible: tuple[State, ...]) -> Chosen:
    """Those of the tenant; of another's nothing is said."""
    rows = conn.execute(SQL["jobs_among"], {"ids": ids, "states": list(State)}).fetchall()
    return Chosen(Counted(len(rows)), [JobId(row["id"]) for row in rows if row["state"] in possible])


def chosen_letters(conn: Connection, tenant_id: str, choice: Choice, asked: LetterFilter) -> Chosen:
    """The jobs of dead letters; `asked` is the filter of their list."""
    if choice.scope == "selected":
        meant = _among(conn, choice.job, tuple(State)).found
        return Chosen(Counted(len(meant)), with_letter(conn, meant))
    found = dead_jobs(conn, tenant_id, asked, before=LetterPlace(choice.seen, 0), most=MOST + 1)
    return Chosen(Counted(min(len(found), MOST), exact=len(found) <= MOST), found)
