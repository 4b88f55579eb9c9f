"""Times of day and durations, which workbooks keep as numbers, as the text that shows them."""

import re

ISO = re.compile(r"(-?)P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:[.,]\d{1,12})?)S)?)?", re.ASCII)
"""A duration of ISO 8601, without years and months."""
UNITS = 86_400, 3_600, 60, 1


def clock(seconds: float) -> str:
    """Hours, which may be more than a day's, minutes and seconds; thousandths where there are some.

    >>> clock(30_600), clock(108_000), clock(-0.5), clock(59.9999)
    ('08:30:00', '30:00:00', '-00:00:00.500', '00:01:00')
    """
    whole, thousandths = divmod(round(abs(seconds) * 1000), 1000)
    minutes, rest = divmod(whole, 60)
    sign = "-" if seconds < 0 and (whole or thousandths) else ""
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{rest:02}" + (f".{thousandths:03}" if thousandths else "")


def clock_of_iso(text: str) -> str:
    """The same of a duration of ISO 8601; what is none stays as it is.

    >>> clock_of_iso("PT08H30M00S"), clock_of_iso("P1DT6H"), clock_of_iso("soon")
    ('08:30:00', '30:00:00', 'soon')
    """
    found = ISO.fullmatch(text)
    if not found:
        return text
    sign, *parts = found.groups()
    seconds = sum(float((part or "0").replace(",", ".")) * unit for part, unit in zip(parts, UNITS, strict=True))
    return clock(-seconds if sign else seconds)
