"""Schedules over every time change of 2020 to 2035, against the policy spelled out by brute force."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tolva.core.cron import Cron, parse_cron
from tolva.errors import InvalidInput

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)

repeatable = settings(derandomize=True, database=None, deadline=None)


# The changes of the clock, found without the code under test.


@dataclass(frozen=True)
class Change:
    zone: str
    instant: datetime

    @property
    def reading(self) -> datetime:
        """What the clock would have shown at the change."""
        return (self.instant - MINUTE).astimezone(ZoneInfo(self.zone)).replace(tzinfo=None, fold=0) + MINUTE

    @property
    def shift(self) -> timedelta:
        return offset(self.zone, self.instant) - offset(self.zone, self.instant - MINUTE)


def offset(zone: str, instant: datetime) -> timedelta:
    return instant.astimezone(ZoneInfo(zone)).utcoffset()


def changes_of(zone: str) -> Iterator[Change]:
    """No two changes of those years are less than four weeks apart, so a look every week sees all."""
    steps = [FIRST + n * 7 * DAY for n in range((LAST - FIRST) // (7 * DAY))]
    offsets = [offset(zone, step) for step in steps]
    for n, (before, after) in enumerate(pairwise(offsets)):
        if before != after:
            yield Change(zone, bisected(zone, steps[n], steps[n + 1]))


def bisected(zone: str, low: datetime, high: datetime) -> datetime:
    while high - low > MINUTE:
        middle = low + (high - low) // MINUTE // 2 * MINUTE
        low, high = (middle, high) if offset(zone, middle) == offset(zone, low) else (low, middle)
    return high


@cache
def all_changes() -> list[Change]:
    """One zone for each instant and pair of offsets: aliases and neighbours add nothing."""
    found: dict[tuple[datetime, datetime, timedelta], Change] = {}
    for zone in sorted(available_timezones() - {"localtime", "Factory"}):
        for change in changes_of(zone):
            found.setdefault((change.instant, change.reading, change.shift), change)
    return list(found.values())


def kinds_of_change() -> list[Change]:
    """One change for each time of day and length of the shift."""
    return list({(change.reading.time(), change.shift): change for change in all_changes()}.values())


# The policy, written down a second time.


@dataclass(frozen=True)
class Field:
    text: str
    values: frozenset[int] = field(repr=False)

    @property
    def starred(self) -> bool:
        return self.text.startswith("*")


@dataclass(frozen=True)
class Schedule:
    minute: Field
    hour: Field
    day: Field
    weekday: Field

    @property
    def expression(self) -> str:
        return f"{self.minute.text} {self.hour.text} {self.day.text} * {self.weekday.text}"

    def wants(self, reading: datetime) -> bool:
        if reading.minute not in self.minute.values or reading.hour not in self.hour.values:
            return False
        day = reading.day in self.day.values
        weekday = reading.isoweekday() % 7 in self.weekday.values
        return (day and weekday) if self.day.starred or self.weekday.starred else (day or weekday)

    def ticks(self, zone: str, after: datetime, until: datetime) -> list[datetime]:
        shown = clock(zone, after, until)
        fixed = not self.minute.starred and not self.hour.starred
        return self.fixed_ticks(shown) if fixed else [at for at, reading in shown if self.wants(reading)]

    def fixed_ticks(self, shown: list[tuple[datetime, datetime]]) -> list[datetime]:
        """Each wanted reading at the instant that shows it first, or else the next reading that is shown."""
        first = {reading: instant for instant, reading in reversed(shown)}
        reading, last = shown[0][1], shown[-1][1]
        ticks: set[datetime] = set()
        while reading <= last:
            if self.wants(reading):
                ticks.add(first[next_shown(reading, first)])
            reading += MINUTE
        return sorted(ticks)


def clock(zone: str, after: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
    """Each minute with after < minute <= until, and what the wall clock shows then."""
    instants = [after + n * MINUTE for n in range(1, (until - after) // MINUTE + 1)]
    return [(at, at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)) for at in instants]


def next_shown(reading: datetime, first: dict[datetime, datetime]) -> datetime:
    while reading not in first:
        reading += MINUTE
    return reading


# Schedules that have something to do around a change.


def listed(values: list[int]) -> Field:
    return Field(",".join(map(str, values)), frozenset(values))


def stepped(values: range, step: int) -> Field:
    return Field(f"*/{step}", frozenset(values[::step]))


def ranged(values: range, ends: list[int], step: int) -> Field:
    low, high = min(ends), max(ends)
    return Field(f"{low}-{high}/{step}", frozenset(range(low, high + 1, step)))


def star(values: range) -> Field:
    return Field("*", frozenset(values))


def fields(values: range, near: list[int]) -> st.SearchStrategy[Field]:
    one = st.sampled_from(near) | st.sampled_from(values)
    some = st.lists(one, min_size=1, max_size=4, unique=True)
    ends = st.lists(one, min_size=2, max_size=2, unique=True)
    return st.one_of(
        st.just(star(values)),
        some.map(listed),
        st.builds(stepped, st.just(values), st.integers(1, 6)),
        st.builds(ranged, st.just(values), ends, st.integers(1, 3)),
    )


MINUTES, HOURS, DAYS, WEEKDAYS = range(60), range(24), range(1, 32), range(7)


@st.composite
def schedules_around(draw: st.DrawFn, change: Change) -> Schedule:
    hours = [(change.reading + n * HOUR).hour for n in (-2, -1, 0, 1, 2)]
    dates = [change.reading + n * DAY for n in (-1, 0, 1)]
    return Schedule(
        draw(fields(MINUTES, [0, 15, 30, 45])),
        draw(fields(HOURS, hours)),
        draw(st.just(star(DAYS)) | fields(DAYS, [date.day for date in dates])),
        draw(st.just(star(WEEKDAYS)) | fields(WEEKDAYS, [date.isoweekday() % 7 for date in dates])),
    )


def check(schedule: Schedule, change: Change, starts: list[timedelta]) -> None:
    """Exactly the wanted ticks in the days around the change, and the next of them from each start."""
    low, high = change.instant - 26 * HOUR, change.instant + 26 * HOUR
    wanted = schedule.ticks(change.zone, low, high)
    cron = parse_cron(schedule.expression, change.zone)
    assert cron.ticks(low, high, most=10_000) == wanted
    for moment in (change.instant + start for start in starts):
        ahead = [tick for tick in wanted if tick > moment]
        assert cron.ticks(moment, high, most=3) == ahead[:3]


@given(st.data())
@settings(repeatable, max_examples=150)
def test_around_any_change_nothing_is_missed_doubled_or_out_of_order_wherever_one_starts(data):
    change = data.draw(st.sampled_from(all_changes()))
    schedule = data.draw(schedules_around(change))
    starts = data.draw(st.lists(st.timedeltas(-4 * HOUR, 4 * HOUR), min_size=3, max_size=3))
    check(schedule, change, starts)


@pytest.mark.parametrize("change", kinds_of_change(), ids=lambda c: f"{c.zone} {c.instant:%Y-%m-%d}")
def test_each_kind_of_change_keeps_the_policy(change):
    quarters, all_hours = listed([0, 15, 30, 45]), ranged(HOURS, [0, 23], 1)
    times = [
        (quarters, all_hours),
        (listed([30]), star(HOURS)),
        (listed([0]), stepped(HOURS, 2)),
        (stepped(MINUTES, 7), all_hours),
    ]
    # A seventh of an hour has a fraction of a second.
    starts = [-HOUR, -MINUTE, -HOUR / 7, timedelta(), MINUTE / 2, HOUR / 2, HOUR]
    for minute, hour in times:
        check(Schedule(minute, hour, star(DAYS), star(WEEKDAYS)), change, starts)


def test_the_odd_zones_are_among_the_changes():
    kinds = {(f"{change.reading:%H:%M}", change.shift / HOUR) for change in all_changes()}
    lord_howe = {("02:00", 0.5), ("02:00", -0.5)}
    troll = {("01:00", 2), ("03:00", -2)}
    havana = {("00:00", 1)}
    assert lord_howe | troll | havana <= kinds
    assert len(all_changes()) > 500


# The same in plain words.


def local_ticks(expression: str, zone: str, start: str, end: str) -> list[str]:
    """The ticks of start < tick <= end (UTC), shown as the wall clock shows them."""
    after, until = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end))
    ticks = parse_cron(expression, zone).ticks(after, until, most=100)
    return [f"{tick.astimezone(ZoneInfo(zone)):%d %H:%M%z}" for tick in ticks]


def spring(expression: str) -> list[str]:
    """In Madrid, where 30 March 2025 has no 02:00 to 02:59."""
    return local_ticks(expression, "Europe/Madrid", "2025-03-29T22:59", "2025-03-30T03:00")


def autumn(expression: str) -> list[str]:
    """In Madrid, where 26 October 2025 has 02:00 to 02:59 twice."""
    return local_ticks(expression, "Europe/Madrid", "2025-10-25T21:59", "2025-10-26T03:00")


def test_a_daily_tick_in_the_skipped_hour_comes_right_after_it():
    assert spring("30 2 * * *") == ["30 03:00+0200"]


def test_several_readings_of_the_skipped_hour_are_one_tick_together_with_the_hour_after_it():
    assert spring("15,30,45 2 * * *") == ["30 03:00+0200"]
    assert spring("0 2,3 * * *") == ["30 03:00+0200"]


def test_a_daily_tick_in_the_doubled_hour_comes_in_the_first_pass_only():
    assert autumn("30 2 * * *") == ["26 02:30+0200"]


def test_hours_written_out_are_fixed_times_and_rest_in_the_second_pass():
    assert autumn("0 1-3 * * *") == ["26 01:00+0200", "26 02:00+0200", "26 03:00+0100"]


def test_an_hourly_tick_comes_every_elapsed_hour():
    assert spring("0 * * * *")[:4] == ["30 00:00+0100", "30 01:00+0100", "30 03:00+0200", "30 04:00+0200"]
    assert autumn("0 * * * *")[2:5] == ["26 02:00+0200", "26 02:00+0100", "26 03:00+0100"]


def test_an_interval_within_the_skipped_hour_does_not_come_that_day():
    assert spring("*/15 2 * * *") == []


def test_an_interval_within_the_doubled_hour_comes_in_both_passes():
    assert autumn("*/30 2 * * *") == ["26 02:00+0200", "26 02:30+0200", "26 02:00+0100", "26 02:30+0100"]


def test_whoever_starts_in_the_second_pass_is_not_sent_back_to_the_first():
    second_pass = datetime(2025, 10, 26, 1, 15, tzinfo=UTC)
    tomorrow = datetime(2025, 10, 27, 1, 30, tzinfo=UTC)
    assert parse_cron("30 2 * * *", "Europe/Madrid").next_after(second_pass) == tomorrow


def test_a_daily_tick_at_a_midnight_that_does_not_exist_comes_at_one():
    ticks = local_ticks("0 0 * * *", "America/Havana", "2025-03-09T00:00", "2025-03-10T12:00")
    assert ticks == ["09 01:00-0400", "10 00:00-0400"]


def test_a_clock_set_back_by_half_an_hour_shows_its_last_quarter_twice():
    ticks = local_ticks("45 * * * *", "Australia/Lord_Howe", "2025-04-05T14:30", "2025-04-05T16:30")
    assert ticks == ["06 01:45+1100", "06 01:45+1030", "06 02:45+1030"]


# Reading expressions.

NEW_YEAR_2025 = datetime(2025, 1, 1, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("expression", "tick"),
    [
        ("15 6 * * *", "2025-01-01T06:15"),
        ("0 0 * * mon-fri", "2025-01-02T00:00"),
        ("0 0 * * SUN", "2025-01-05T00:00"),
        ("0 0 * * 7", "2025-01-05T00:00"),
        ("0 0 1 feb,apr *", "2025-02-01T00:00"),
        ("0 0 L * *", "2025-01-31T00:00"),
        ("0 0 LW 5 *", "2025-05-30T00:00"),
        ("0 0 * * 5L", "2025-01-31T00:00"),
        ("0 0 * * MON#2", "2025-01-13T00:00"),
        ("10-30/10 9-17 * * *", "2025-01-01T09:10"),
        ("0 0 13 * FRI", "2025-01-03T00:00"),  # either, when neither starts with a star
        ("0 0 29 2 *", "2028-02-29T00:00"),
        ("0 0 29 2 */7", "2032-02-29T00:00"),  # both, when one starts with a star: a Sunday
    ],
)
def test_the_first_tick_of_an_expression(expression, tick):
    expected = datetime.fromisoformat(tick).replace(tzinfo=UTC)
    assert parse_cron(expression, "UTC").next_after(NEW_YEAR_2025) == expected


@pytest.mark.parametrize(
    ("expression", "remedy"),
    [
        ("61 * * * *", "the minute '61' cannot be read; use .*0-59"),
        ("* 24 * * *", "the hour '24' cannot be read; use .*0-23"),
        ("* * 0 * *", "the day-of-month '0' cannot be read; use .*1-31"),
        ("* * * foo *", "the month 'foo' cannot be read; use .*JAN-DEC"),
        ("* * * * FRI-SUN", "the day-of-week 'FRI-SUN' cannot be read; use .*0-7"),
        ("*/0 * * * *", "the minute '\\*/0' cannot be read"),
        ("1,,2 * * * *", "the minute '1,,2' cannot be read"),
        ("0 1,05-5/2 * * *", "the hour '1,05-5/2' cannot be read"),  # cronsim: 1,5,7,9 and so on
        (f"{'9' * 5000} * * * *", "the minute '9+' cannot be read"),
        ("", "give five fields"),
        ("* * * *", "give five fields"),
        ("0 * * * * *", "five fields .* seconds .* not supported"),
        ("@daily", "five fields .* names with @ are not supported"),
        ("0 0 30 2 *", "never comes: .* change one"),
        ("0 0 31 4,6,9,11 *", "never comes: .* change one"),
        ("0 0 */3 2 MON#5", "never comes: .* change one"),
    ],
)
def test_a_refused_expression_is_told_what_to_mend(expression, remedy):
    with pytest.raises(InvalidInput, match=remedy):
        parse_cron(expression, "UTC")


@given(st.lists(st.text("0123456789*/,-#LWMONJAN", max_size=5), min_size=5, max_size=5).map(" ".join))
@settings(repeatable, max_examples=200)
def test_an_expression_is_either_refused_or_has_a_next_tick(expression):
    try:
        cron = parse_cron(expression, "America/Havana")
    except InvalidInput:
        return
    assert cron.next_after(NEW_YEAR_2025) > NEW_YEAR_2025


@pytest.mark.parametrize(
    ("zone", "remedy"),
    [
        ("Asia/Tokio", "such as Asia/Tokyo"),
        ("America", "give a name"),
        ("../../etc/passwd", "give a name"),
        ("localtime", "give a name"),
        ("", "such as Europe/Madrid or UTC"),
    ],
)
def test_an_unknown_zone_is_refused_with_one_that_exists(zone, remedy):
    with pytest.raises(InvalidInput, match=remedy):
        parse_cron("0 0 * * *", zone)


# Moments.


def test_ticks_leave_out_the_start_take_in_the_end_and_stop_at_most():
    hourly = parse_cron("0 * * * *", "UTC")
    hours = [NEW_YEAR_2025 + n * HOUR for n in range(1, 5)]
    assert hourly.ticks(NEW_YEAR_2025, hours[-1], most=9) == hours
    assert hourly.ticks(NEW_YEAR_2025, hours[-1], most=2) == hours[:2]
    assert hourly.ticks(NEW_YEAR_2025, hours[-1], most=0) == []
    assert hourly.ticks(hours[0], NEW_YEAR_2025, most=9) == []


def test_a_moment_of_another_zone_is_the_same_moment_and_ticks_are_in_utc():
    # A connection hands out timestamps in the zone of its session.
    there = datetime(2025, 10, 26, 2, 45, fold=1, tzinfo=ZoneInfo("Europe/Madrid"))
    for expression in ("30 2 * * *", "*/30 * * * *"):
        cron = parse_cron(expression, "Europe/Madrid")
        assert cron.next_after(there) == cron.next_after(there.astimezone(UTC))
        assert cron.next_after(there).tzinfo is UTC


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(TypeError, match="with a time zone"):
        Cron("0 0 * * *", "UTC").next_after(NEW_YEAR_2025.replace(tzinfo=None))
