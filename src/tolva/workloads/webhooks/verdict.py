"""What the answer to a delivery means."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
"""Below 500, what may be otherwise later."""
LONGEST_ASKED = 86_400.0
"""Seconds that a receiver can make us wait at most."""


def is_taken(status: int) -> bool:
    """Whether the receiver has it.

    >>> [is_taken(status) for status in (200, 204, 302, 404)]
    [True, True, False, False]
    """
    return 200 <= status < 300


def may_pass(status: int) -> bool:
    """Whether another try can make sense.

    >>> [may_pass(status) for status in (429, 503, 404, 302)]
    [True, True, False, False]
    """
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in PASSING


def seconds_asked(text: str | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float:
    """The wait in seconds that a `Retry-After` asks for; 0 when it asks for none or cannot be read.

    >>> seconds_asked("120"), seconds_asked(None), seconds_asked("soon"), seconds_asked("9" * 400)
    (120.0, 0.0, 0.0, 86400.0)
    >>> seconds_asked("Thu, 01 Jan 2026 00:01:00 GMT", lambda: datetime(2026, 1, 1, tzinfo=UTC))
    60.0
    """
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        return LONGEST_ASKED if len(text) > 6 else min(float(text), LONGEST_ASKED)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    wait = (until.replace(tzinfo=until.tzinfo or UTC) - now()).total_seconds()
    return min(max(wait, 0.0), LONGEST_ASKED)
