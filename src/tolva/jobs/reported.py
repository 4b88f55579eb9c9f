"""What a handler reports as progress: what pages make a bar of must be numbers that go together."""

from tolva.core.job import Json
from tolva.errors import InvalidInput

COUNTS = ("total", "processed", "successful", "failed")
"""The names that pages and commands count with. Under any other a handler may report what it likes."""
MOST = 10**15
"""No count is larger."""


def checked(progress: Json) -> Json:
    """The progress. A total that was guessed too low is raised to what is processed; None is not known yet.

    Raises InvalidInput for a count that is none.

    >>> checked({"total": 10, "processed": 12, "step": "load"})
    {'total': 12, 'processed': 12, 'step': 'load'}
    >>> checked({"processed": "many"})
    Traceback (most recent call last):
    tolva.errors.InvalidInput: progress(processed='many') is no count. Report a number from 0 to 10**15, or None.
    """
    for name in COUNTS:
        if not _counts(value := progress.get(name)):
            said = f"progress({name}={repr(value)[:50]})"
            raise InvalidInput(f"{said} is no count. Report a number from 0 to 10**15, or None.")
    total, processed = progress.get("total"), progress.get("processed")
    if total is not None and processed is not None and processed > total:
        return {**progress, "total": processed}
    return progress


def _counts(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST
