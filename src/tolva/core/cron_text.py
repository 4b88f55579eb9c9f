"""What may be written as a schedule: five fields that cronsim reads as they are meant, and a zone that is a place."""

import difflib
import re
import zoneinfo
from datetime import datetime
from functools import cache

from cronsim import CronSim, CronSimError

from tolva.errors import InvalidInput

FIELDS = {
    "minute": "0-59",
    "hour": "0-23",
    "day-of-month": "1-31, L (the last) or LW (the last weekday)",
    "month": "1-12 or JAN-DEC",
    "day-of-week": "0-7 (0 and 7 are Sunday), SUN-SAT, 5L (the last Friday) or 5#2 (the second)",
}

# Any start does: the calendar repeats, and no date is rarer than a 29 February on a given weekday.
ANY_READING = datetime(2000, 1, 1)

# A range of one with a step: cronsim takes 5-5/2 for 5/2, that is every second one from 5 on.
RANGE_OF_ONE = re.compile(r"\b0*(\w+)-0*\1/", re.IGNORECASE)

# These mean another zone, or none, on each machine.
NOT_A_PLACE = {"localtime", "Factory"}


def check_zone(timezone: str) -> None:
    """Raises InvalidInput for a zone that this machine does not know."""
    if timezone in _zones():
        return
    near = difflib.get_close_matches(timezone, _zones(), n=1)
    hint = near[0] if near else "Europe/Madrid or UTC"
    raise InvalidInput(f"unknown time zone {timezone!r}: give a name of the IANA list, such as {hint}")


@cache
def _zones() -> frozenset[str]:
    """The names this machine knows, by its own tz database or else the `tzdata` package."""
    return frozenset(zoneinfo.available_timezones() - NOT_A_PLACE)


def check_expression(expression: str) -> None:
    """Raises InvalidInput for an expression that cannot be read or never comes."""
    parts = expression.split()
    if len(parts) != len(FIELDS):
        raise InvalidInput(
            f"cron expression {expression!r}: give five fields ({', '.join(FIELDS)}), such as "
            "'0 6 * * MON-FRI'; seconds and names with @ are not supported"
        )
    for place, (name, allowed) in enumerate(FIELDS.items()):
        alone = ["*"] * place + [parts[place]] + ["*"] * (4 - place)
        if RANGE_OF_ONE.search(parts[place]) or not _comes(alone):
            raise InvalidInput(
                f"cron expression {expression!r}: the {name} {parts[place]!r} cannot be read; use *, or "
                f"{allowed}, or lists, ranges and steps of them such as 1,5 or 1-5 or */5"
            )
    if not _comes(parts):
        raise InvalidInput(
            f"cron expression {expression!r} never comes: no date has that day-of-month, month and "
            "day-of-week together; change one of them"
        )


def _comes(parts: list[str]) -> bool:
    """Whether cronsim can read the fields and finds a match; it looks 50 years ahead."""
    try:
        return next(CronSim(" ".join(parts), ANY_READING), None) is not None
    except (CronSimError, ValueError):  # ValueError: a number of thousands of digits
        return False
