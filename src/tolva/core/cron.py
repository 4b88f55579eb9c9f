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

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim

from tolva.core.cron_text import check_expression, check_zone
from tolva.core.wall_clock import SECOND, first_change, first_instant, offset_of, reading_of


def parse_cron(expression: str, timezone: str) -> "Cron":
    """The schedule of a five-field cron `expression`, read on the wall clock of an IANA `timezone`.

    Raises InvalidInput if the zone is unknown, the expression cannot be read or it never comes.

    >>> parse_cron("30 7 * * MON-FRI", "Europe/Madrid").fixed_time
    True
    """
    check_zone(timezone)
    check_expression(expression)
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
        zone = ZoneInfo(self.timezone)
        following = _next_fixed if self.fixed_time else _next_interval
        # Ticks are whole minutes, so the fraction of a second says nothing; the bisection goes by seconds.
        return following(self.expression, zone, moment.astimezone(UTC).replace(microsecond=0))

    def ticks(self, after: datetime, until: datetime, most: int) -> list[datetime]:
        """The ticks with after < tick <= until, in order and in UTC: the first `most` of them.

        Raises TypeError for a moment without a zone.

        >>> noon = datetime(2025, 6, 1, 12, tzinfo=UTC)
        >>> [t.hour for t in Cron("0 */6 * * *", "UTC").ticks(noon, noon.replace(day=2), most=3)]
        [18, 0, 6]
        """
        found: list[datetime] = []
        while len(found) < most and (after := self.next_after(after)) <= until:
            found.append(after)
        return found


def _next_fixed(expression: str, zone: ZoneInfo, moment: datetime) -> datetime:
    """Instants of first readings never decrease, so the first one after `moment` is the next tick."""
    reading = reading_of(zone, moment)
    while True:
        reading = _next_reading(expression, reading)
        # In the second pass of a doubled hour, what is left of it on the clock has been served already.
        # Several readings of one gap meet in the same instant, which is one tick.
        if (tick := first_instant(zone, reading)) > moment:
            return tick


def _next_interval(expression: str, zone: ZoneInfo, moment: datetime) -> datetime:
    """While the offset stands, instants and readings run in step; begin anew where it changes."""
    reading = reading_of(zone, moment)
    while True:
        tick = _next_reading(expression, reading).replace(tzinfo=UTC) - offset_of(zone, moment)
        change = first_change(zone, moment, tick)
        if change is None:
            return tick
        moment = change
        reading = reading_of(zone, change) - SECOND  # the instant of the change may itself be a tick


def _next_reading(expression: str, reading: datetime) -> datetime:
    """The first matching reading strictly after `reading`, both without a zone: cronsim's plain calendar."""
    return next(CronSim(expression, reading))
