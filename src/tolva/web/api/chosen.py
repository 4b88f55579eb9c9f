"""Which jobs a call for many is about: named one by one, by a filter, or all; never all by leaving something out."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, model_validator

from tolva.core.job import JobId, State
from tolva.db.pool import Connection
from tolva.jobs.letters import LetterFilter
from tolva.jobs.listing import JobFilter
from tolva.web.access.caller import Caller
from tolva.web.api.values import Line, Moment
from tolva.web.letter_places import Cursor, place
from tolva.web.met import MOST, Met, met_letters

Names = Annotated[list[Line], Field(max_length=50)]
Search = Annotated[
    str | None,
    StringConstraints(max_length=200, pattern=r"^[^\x00]*$"),
    Field(description="Words of the label, or an id."),
]
BESIDE_FILTERS = {"ids", "all", "dry_run", "before"}
GOES_ON = Field(description="`next` of the call before: goes on behind what that one met.")


class Chosen(BaseModel):
    """`ids` of jobs, or a filter, or `all`."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"queue": ["bulk_upload"], "dry_run": True}}
    )
    ids: Annotated[list[UUID] | None, Field(min_length=1, max_length=MOST)] = None
    queue: Names = []
    kind: Names = []
    search: Search = None
    all: StrictBool = False
    dry_run: Annotated[StrictBool, Field(description="Only say how many.")] = False

    @model_validator(mode="after")
    def _one_way_to_say_which(self) -> Self:
        filters = any(getattr(self, name) for name in type(self).model_fields.keys() - BESIDE_FILTERS)
        if [self.ids is not None, filters, self.all].count(True) != 1:
            raise ValueError('say which: by "ids", or by a filter, or "all": true')
        return self

    @property
    def jobs(self) -> list[JobId] | None:
        """The jobs that are named, if they are."""
        return None if self.ids is None else [JobId(str(id)) for id in self.ids]


class ChosenLetters(Chosen):
    """Dead letters: `ids` of their jobs, or a filter, or `all`."""

    before: Annotated[Cursor | None, GOES_ON] = None

    def letters(self) -> LetterFilter:
        """The filter for letters."""
        return LetterFilter(tuple(self.queue), tuple(self.kind), self.search)


def found_letters(conn: Connection, by: Caller, chosen: ChosenLetters) -> Met:
    """The jobs of the open letters that are meant."""
    meant = chosen.letters() if chosen.jobs is None else chosen.jobs
    return met_letters(conn, by.tenant_id, meant, place(chosen.before))


class ChosenJobs(Chosen):
    """Jobs: `ids`, or a filter, or `all`. Each filter narrows; several values of one widen."""

    before: Annotated[UUID | None, GOES_ON] = None
    state: Annotated[list[State], Field(max_length=len(State))] = []
    created_from: Moment | None = None
    created_before: Moment | None = None
    parent: UUID | None = None
    ended_since: Moment | None = None
    open_question: StrictBool = False

    def filter(self, possible: tuple[State, ...]) -> JobFilter | None:
        """The filter for jobs in states in which the thing can be done to them; None when no job can match."""
        states = tuple(state for state in possible if not self.state or state in self.state)
        given: dict[str, Any] = {
            name: getattr(self, name) for name in ("created_from", "created_before", "ended_since", "open_question")
        }
        parent = JobId(str(self.parent)) if self.parent else None
        asked = JobFilter(states, tuple(self.queue), tuple(self.kind), search=self.search, parent=parent, **given)
        return asked if states else None
