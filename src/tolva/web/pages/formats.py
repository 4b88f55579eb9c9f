"""Numbers, sizes and times as the reader writes them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import dates, numbers, units
from markupsafe import Markup
from starlette.requests import HTTPConnection

from tolva.web.pages.languages import names_continent

COOKIE = "tolva_tz"
"""The reader's time zone, which only their browser knows: static/zone.js keeps it here."""
SPANS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
"""Seconds, by the names of CLDR."""
UNITS = ("B", "kB", "MB", "GB", "TB")


def zone_of(request: HTTPConnection) -> ZoneInfo:
    """The reader's time zone; UTC until the browser has told it, and where it is one that we do not know."""
    try:
        return ZoneInfo(request.cookies.get(COOKIE, "UTC").replace("%2F", "/"))
    # what we do not know, as Mars/Base; what is no name at all, as ../x; a folder of zones, as Asia
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


@dataclass(frozen=True)
class Formats:
    """How one reader writes them: the filters of the templates.

    `regional` is the language with its region, by which dates and numbers go: 3/4/2026 is in March or in April, 1.234 a
    thousand or one. Empty: `language`.
    """

    language: str
    zone: ZoneInfo
    regional: str = ""

    @property
    def decimal_comma(self) -> bool:
        """Whether the reader writes decimals with a comma.

        >>> [Formats("es", ZoneInfo("UTC"), regional).decimal_comma for regional in ("", "es_CO", "es_MX", "es_419")]
        [True, True, False, True]
        """
        return numbers.get_decimal_symbol(self._numeric) == ","

    @property
    def _numeric(self) -> str:
        # the countries of a continent differ: then as a file is read that comes with such a locale (tables.locale)
        return self.language if not self.regional or names_continent(self.regional) else self.regional

    @property
    def tag(self) -> str:
        """The locale of numbers for scripts.

        >>> [Formats("es", ZoneInfo("UTC"), regional).tag for regional in ("", "es_MX", "es_419")]
        ['es', 'es-MX', 'es']
        """
        return self._numeric.replace("_", "-")

    def number(self, value: float) -> str:
        """A count, with the reader's separators.

        >>> Formats("es", ZoneInfo("UTC")).number(12345)
        '12.345'
        """
        return numbers.format_decimal(value, locale=self._numeric)

    def stored(self, value: str, kind: str | None) -> str:
        """A stored value of a field of this kind: a decimal with the reader's mark, and no others to be misread.

        >>> es = Formats("es", ZoneInfo("UTC"))
        >>> es.stored("143528.5000", "decimal"), es.stored("1000.0000", "decimal"), es.stored("1.50", "string")
        ('143528,5', '1000', '1.50')
        >>> Formats("es", ZoneInfo("UTC"), "es_MX").stored("143528.5000", "decimal")
        '143528.5'
        """
        if kind != "decimal" or "." not in value:
            return value
        return value.rstrip("0").rstrip(".").replace(".", numbers.get_decimal_symbol(self._numeric))

    def rate(self, a_second: float) -> str:
        """Units a second, of a few with a decimal.

        >>> Formats("es", ZoneInfo("UTC")).rate(0.42), Formats("es", ZoneInfo("UTC")).rate(12.6)
        ('0,4', '13')
        """
        return self.number(round(a_second, 1 if a_second < 10 else 0))

    def percent(self, share: float) -> str:
        """A share of 1."""
        return numbers.format_percent(share, locale=self._numeric)

    def size(self, count: float) -> str:
        """Bytes, in the unit that leaves one to three digits before the point.

        >>> Formats("pt", ZoneInfo("UTC")).size(1536000)
        '1,5 MB'
        """
        unit = 0
        while count >= 1000 and unit < len(UNITS) - 1:
            count, unit = count / 1000, unit + 1
        return f"{numbers.format_decimal(round(count, 1 if count < 10 else 0), locale=self._numeric)} {UNITS[unit]}"

    def duration(self, seconds: float) -> str:
        """A span of time, in its two largest units.

        >>> Formats("en", ZoneInfo("UTC")).duration(3725)
        '1 hr 2 min'
        """
        left, told = round(seconds), list[str]()
        for size, unit in SPANS:
            if left >= size or (size == 1 and not told):
                told.append(units.format_unit(left // size, f"duration-{unit}", "short", locale=self.language))
                left %= size
        return " ".join(told[:2])

    def when(self, moment: datetime | None) -> Markup:
        """A moment to the minute, in the reader's zone; the exact one for programs, and on hovering.

        >>> noon = datetime(2026, 4, 3, 12, tzinfo=UTC)
        >>> [Formats("en", ZoneInfo("UTC"), regional).when(noon).striptags()[:10] for regional in ("", "en_GB")]
        ['4/3/26, 12', '03/04/2026']
        """
        if moment is None:
            return Markup("")
        here = moment.astimezone(self.zone)
        short = self._date(here, "short")
        whole = self._date(here, "long")
        exact = moment.astimezone(UTC).isoformat()
        return Markup('<time datetime="{}" title="{}">{}</time>').format(exact, whole, short)

    def clock(self, moment: datetime, after: datetime) -> Markup:
        """The time to the second, with its day where that is not the one of `after`; exact as in `when`.

        >>> noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
        >>> Formats("es", ZoneInfo("UTC")).clock(noon, after=noon).striptags()
        '12:00:00'
        >>> Formats("es", ZoneInfo("Asia/Tokyo")).clock(noon.replace(hour=15), after=noon).striptags()
        '29 nov 2026, 0:00:00'
        """
        here = moment.astimezone(self.zone)
        is_known_day = here.date() == after.astimezone(self.zone).date()
        tell = dates.format_time if is_known_day else dates.format_datetime
        told = tell(here, "medium", locale=self.regional or self.language)
        whole = self._date(here, "long")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), whole, told)

    def ago(self, moment: datetime | None) -> Markup:
        """How long ago, or how far ahead, a moment is; static/ago.js keeps it true while the page is open."""
        if moment is None:
            return Markup("")
        distance = moment - datetime.now(UTC)
        told = dates.format_timedelta(distance, add_direction=True, locale=self.language)
        whole = self._date(moment.astimezone(self.zone), "long")
        # a text that changes by itself is not read out again and again
        made = Markup('<time data-ago aria-live="off" datetime="{}" title="{}">{}</time>')
        return made.format(moment.isoformat(), whole, told)

    def _date(self, here: datetime, form: Literal["short", "long"]) -> str:
        return dates.format_datetime(here, form, locale=self.regional or self.language)
