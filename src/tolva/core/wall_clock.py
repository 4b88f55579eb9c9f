"""The wall clock of a time zone: which instants its readings are, right across daylight-saving changes.

A reading is a datetime without a zone; an instant is one in UTC. Both to the second.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def reading_of(zone: ZoneInfo, moment: datetime) -> datetime:
    """What the wall clock shows at an instant."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def offset_of(zone: ZoneInfo, moment: datetime) -> timedelta:
    """How far it is ahead of UTC at an instant."""
    return reading_of(zone, moment) - moment.replace(tzinfo=None)


def first_instant(zone: ZoneInfo, reading: datetime) -> datetime:
    """When the wall clock first shows `reading`; where it skips it, the end of the gap.

    >>> first_instant(ZoneInfo("Europe/Madrid"), datetime(2025, 10, 26, 2, 30)).isoformat()
    '2025-10-26T00:30:00+00:00'
    """
    # PEP 495: fold=0 reckons by the offset before a change, fold=1 by the one after. So the two are in
    # order in a doubled hour, equal at ordinary times, and on either side of the change in a gap.
    before, after = (reading.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first_change(zone, after, before) or before


def first_change(zone: ZoneInfo, after: datetime, until: datetime) -> datetime | None:
    """The first instant, to the second, with after < instant <= until where the offset is a new one.

    Looks once a day, as no zone goes and comes back within one.

    >>> spring = datetime(2025, 3, 29, tzinfo=UTC)
    >>> first_change(ZoneInfo("Europe/Madrid"), spring, spring + 5 * DAY).isoformat()
    '2025-03-30T01:00:00+00:00'
    """
    while after < until:
        ahead = min(after + DAY, until)
        if offset_of(zone, ahead) != offset_of(zone, after):
            return _bisect_change(zone, after, ahead)
        after = ahead
    return None


def _bisect_change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The instant of the change that lies between the two."""
    old = offset_of(zone, before)
    while after - before > SECOND:
        middle = before + (after - before) // SECOND // 2 * SECOND
        before, after = (middle, after) if offset_of(zone, middle) == old else (before, middle)
    return after
