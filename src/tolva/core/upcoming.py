"""The next ticks of a schedule, and what a change of the clock does to one: mostly nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tolva.core.cron import Cron

EVER = datetime.max.replace(tzinfo=UTC)
MOST = 50
"""Ticks that are told at once."""


@dataclass(frozen=True)
class Tick:
    """A moment at which a schedule makes its job: in UTC, as the zone shows it, and what is odd about it."""

    at: datetime
    local: str
    note: str | None


def upcoming(cron: Cron, after: datetime, many: int) -> list[Tick]:
    """The next ticks after a moment.

    >>> [tick.local for tick in upcoming(Cron("0 9 * * *", "America/Bogota"), datetime(2026, 3, 1, tzinfo=UTC), 1)]
    ['2026-03-01T09:00:00-05:00']
    """
    ticks = cron.ticks(after, EVER, many)
    return [
        Tick(tick, tick.astimezone(ZoneInfo(cron.timezone)).isoformat(), describe_change(cron, before, tick))
        for before, tick in zip([after, *ticks], ticks, strict=False)
    ]


def describe_change(cron: Cron, before: datetime, tick: datetime) -> str | None:
    """The sentence for `tick`, where the tick `before` it was the last one (or any moment after that). None: no change.

    >>> daily = Cron("30 2 * * *", "Europe/Madrid")
    >>> noon = datetime(2025, 3, 29, 12, tzinfo=UTC)
    >>> describe_change(daily, noon, daily.next_after(noon))
    'The clock goes forward and skips the usual time: this one comes right after it.'
    >>> noon = datetime(2025, 10, 25, 12, tzinfo=UTC)
    >>> describe_change(daily, noon, daily.next_after(noon))
    'The clock goes back and shows this time twice: it counts the first time.'
    >>> describe_change(daily, datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 6, 1, 0, 30, tzinfo=UTC)) is None
    True
    """
    zone = ZoneInfo(cron.timezone)
    here = tick.astimezone(zone)
    if _shown_twice(here):
        if cron.fixed_time:
            return "The clock goes back and shows this time twice: it counts the first time."
        return f"The clock goes back and shows this time twice: this is the {'second' if here.fold else 'first'}."
    if here.utcoffset() == before.astimezone(zone).utcoffset() or not _clock_skips(cron, before, tick, zone):
        return None
    if cron.fixed_time:
        return "The clock goes forward and skips the usual time: this one comes right after it."
    return "The clock goes forward: what would have come in the skipped time does not."


def _shown_twice(here: datetime) -> bool:
    first, second = (here.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1))
    return first > second


def _clock_skips(cron: Cron, before: datetime, tick: datetime, zone: ZoneInfo) -> bool:
    """Whether the wall clock would have come to another match between the two, had nobody changed it."""
    plain = Cron(cron.expression, "UTC")
    reading = before.astimezone(zone).replace(tzinfo=ZoneInfo("UTC"), fold=0)
    expected = plain.next_after(reading)
    return expected.replace(tzinfo=None) != tick.astimezone(zone).replace(tzinfo=None, fold=0)
