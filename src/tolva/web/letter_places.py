"""The place where a list of dead letters goes on, as text for addresses, bodies and forms."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import StringConstraints

from tolva.jobs.letters import LetterPlace

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
Cursor = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,17}-[0-9]{1,18}$")]
"""What `cursor` makes."""


def cursor(place: LetterPlace) -> str:
    """A place as text.

    >>> cursor(LetterPlace(EPOCH + MICROSECOND, 7))
    '1-7'
    """
    return f"{(place.failed_at - EPOCH) // MICROSECOND}-{place.id}"


def place(cursor: str | None) -> LetterPlace | None:
    """The place that a text stands for; None is the beginning.

    >>> place("1-7") == LetterPlace(EPOCH + MICROSECOND, 7)
    True
    """
    if cursor is None:
        return None
    moment, _, id = cursor.partition("-")
    return LetterPlace(EPOCH + int(moment) * MICROSECOND, int(id))
