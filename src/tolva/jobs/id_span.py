"""The ids that begin with what somebody typed."""

import re
from uuid import UUID

from tolva.core.job import JobId

_BEGINNING = re.compile(r"0[0-9a-f]{7,31}")
"""Of the ids of our time (UUIDv7); with fewer digits it is rather a number in a name."""
_DIGITS = 32


def id_span(text: str) -> tuple[JobId, JobId] | None:
    """The least id that begins with the text, and the least after them all; None for what is no beginning of an id.

    >>> id_span("01A20181-4")
    ('01a20181-4000-0000-0000-000000000000', '01a20181-5000-0000-0000-000000000000')
    >>> id_span("2026")
    """
    digits = text.strip().lower().replace("-", "")
    if not _BEGINNING.fullmatch(digits):
        return None
    first = int(digits.ljust(_DIGITS, "0"), 16)
    return _id(first), _id(first + 16 ** (_DIGITS - len(digits)))


def _id(number: int) -> JobId:
    return JobId(str(UUID(int=number)))
