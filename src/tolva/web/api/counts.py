"""A number in an answer that was counted up to a limit."""

from pydantic import BaseModel, Field

from tolva.jobs.counted import Counted


class Count(BaseModel):
    """How many."""

    number: int
    exact: bool = Field(description="False: there are more; this is where counting stopped.")


def count(counted: Counted) -> Count:
    """The same for an answer."""
    return Count(number=counted.number, exact=counted.exact)
