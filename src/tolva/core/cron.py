"""Cron expressions in a time zone: which instants they name, right across daylight-saving changes.

Parsing and the calendar are cronsim's (Debian's cron). It is only ever given readings of the wall
clock, that is datetimes without a zone; which instants those are is decided here, because cronsim's own
treatment of time changes misses, repeats and disorders ticks in some zones. The policy and the reasons
are in docs/decisions/0003-cron-and-daylight-saving.md:

    a fixed-time schedule     names times of day: neither its minute nor its hour starts with `*`.
                              A doubled reading counts the first time; a skipped one right after the gap.
    an interval schedule      any other. Ticks at every instant at which the wall clock reads a match:
                              in both passes of a doubled hour, never for a skipped one.
"""

import difflib
import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cronsim import CronSim, CronSimError

from tolva.errors import InvalidInput

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

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


def parse_cron(expression: str, timezone: str) -> "Cron":
    """The schedule of a five-field cron `expression`, read on the wall clock of an IANA `timezone`.

    Raises InvalidInput if the zone is unknown, the expression cannot be read or it never comes.

    >>> parse_cron("30 7 * * MON-FRI", "Europe/Madrid").fixed_time
    True
    """
    _check_zone(timezone)
    _check_expression(expression)
    return Cron(expression, timezone)


@dataclass(frozen=True)
class Cron:
    """A schedule that `parse_cron` has checked. Its ticks are whole minutes of the zone's wall clock."""

    expression: str
    timezone: str

    @property
    def fixed_time(self) -> bool:
        """Whether the expression names times of day, as Debian's cron tells it.

        >>> [Cron(text, "UTC").fixed_time for text in ("0 2 * * *", "0 * * * *", "*/15 2 * * *")]
        [True, False, False]
        """
        minute, hour, *_ = self.expression.split()
        return not (minute.startswith("*") or hour.startswith("*"))

    def next_after(self, moment: datetime) -> datetime:
        """The first tick strictly after `moment`, in UTC. It depends on nothing but the three values.

        Raises TypeError for a `moment` without a zone.

        >>> daily = Cron("30 2 * * *", "Europe/Madrid")
        >>> daily.next_after(datetime(2025, 3, 29, 12, tzinfo=UTC)).isoformat()  # 02:30 is skipped
        '2025-03-30T01:00:00+00:00'
        """
        if moment.utcoffset() is None:
            raise TypeError("give a moment with a time zone, such as datetime.now(UTC)")
        zone = zoneinfo.ZoneInfo(self.timezone)
        following = _next_fixed if self.fixed_time else _next_interval
        # Ticks are whole minutes, so the fraction of a second says nothing; the bisection goes by seconds.
        return following(self.expression, zone, moment.astimezone(UTC).replace(microsecond=0))

    def ticks(self, after: datetime, until: datetime, most: int) -> list[datetime]:
        """The ticks with after < tick <= until, in order and in UTC: the first `most` of them.

        Raises TypeError for a moment without a zone.

        >>> noon = datetime(2025, 6, 1, 12, tzinfo=UTC)
        >>> [t.hour for t in Cron("0 */6 * * *", "UTC").ticks(noon, noon + timedelta(days=1), most=3)]
        [18, 0, 6]
        """
        found: list[datetime] = []
        while len(found) < most and (after := self.next_after(after)) <= until:
            found.append(after)
        return found


def _next_fixed(expression: str, zone: zoneinfo.ZoneInfo, moment: datetime) -> datetime:
    """Instants of first readings never decrease, so the first one after `moment` is the next tick."""
    reading = _reading(zone, moment)
    while True:
        reading = _next_reading(expression, reading)
        # In the second pass of a doubled hour, what is left of it on the clock has been served already.
        # Several readings of one gap meet in the same instant, which is one tick.
        if (tick := _first_instant(zone, reading)) > moment:
            return tick


def _next_interval(expression: str, zone: zoneinfo.ZoneInfo, moment: datetime) -> datetime:
    """While the offset stands, instants and readings run in step; begin anew where it changes."""
    reading = _reading(zone, moment)
    while True:
        tick = _next_reading(expression, reading).replace(tzinfo=UTC) - _offset(zone, moment)
        change = _first_change(zone, moment, tick)
        if change is None:
            return tick
        moment = change
        reading = _reading(zone, change) - SECOND  # the instant of the change may itself be a tick


def _first_instant(zone: zoneinfo.ZoneInfo, reading: datetime) -> datetime:
    """When the wall clock first shows `reading`; where it skips it, the end of the gap.

    >>> _first_instant(zoneinfo.ZoneInfo("Europe/Madrid"), datetime(2025, 10, 26, 2, 30)).isoformat()
    '2025-10-26T00:30:00+00:00'
    """
    # PEP 495: fold=0 reckons by the offset before a change, fold=1 by the one after. So the two are in
    # order in a doubled hour, equal at ordinary times, and on either side of the change in a gap.
    before, after = (reading.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return _first_change(zone, after, before) or before


def _first_change(zone: zoneinfo.ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    """The first instant, to the second, with after < instant <= until where the offset is a new one.

    Looks once a day, as no zone goes and comes back within one.

    >>> spring = datetime(2025, 3, 29, tzinfo=UTC)
    >>> _first_change(zoneinfo.ZoneInfo("Europe/Madrid"), spring, spring + 5 * DAY).isoformat()
    '2025-03-30T01:00:00+00:00'
    """
    while after < until:
        ahead = min(after + DAY, until)
        if _offset(zone, ahead) != _offset(zone, after):
            return _bisect_change(zone, after, ahead)
        after = ahead
    return None


def _bisect_change(zone: zoneinfo.ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The instant of the change that lies between the two."""
    old = _offset(zone, before)
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return after


def _next_reading(expression: str, reading: datetime) -> datetime:
    """The first matching reading strictly after `reading`, both without a zone: cronsim's plain calendar."""
    return next(CronSim(expression, reading))


def _reading(zone: zoneinfo.ZoneInfo, moment: datetime) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _offset(zone: zoneinfo.ZoneInfo, moment: datetime) -> timedelta:
    return _reading(zone, moment) - moment.replace(tzinfo=None)


def _check_zone(timezone: str) -> None:
    if timezone in _zones():
        return
    near = difflib.get_close_matches(timezone, _zones(), n=1)
    hint = near[0] if near else "Europe/Madrid or UTC"
    raise InvalidInput(f"unknown time zone {timezone!r}: give a name of the IANA list, such as {hint}")


@cache
def _zones() -> frozenset[str]:
    """The names this machine knows, by its own tz database or else the `tzdata` package."""
    return frozenset(zoneinfo.available_timezones() - NOT_A_PLACE)


def _check_expression(expression: str) -> None:
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
