"""The part of a file that a request asks for (RFC 9110, `Range`)."""

import re
from dataclasses import dataclass

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True)
class Span:
    """The bytes from `start` up to, not including, `end`, of `size`."""

    start: int
    end: int
    size: int

    @property
    def content_range(self) -> str:
        """As the answer tells it.

        >>> Span(0, 10, 30).content_range
        'bytes 0-9/30'
        """
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


def span_of(asked: str | None, size: int) -> Span | None:
    """The span that the header asks for, of a file of so many bytes; all where it asks for none, or for several.

    None where there is nothing in it.

    >>> span_of("bytes=5-", 30), span_of("bytes=-5", 30), span_of("bytes=30-", 30)
    (Span(start=5, end=30, size=30), Span(start=25, end=30, size=30), None)
    >>> span_of("bytes=0-9,20-29", 30) == span_of(None, 30) == Span(0, 30, 30)
    True
    """
    found = RANGE.fullmatch(asked or "")
    if found is None or not any(found.groups()):
        return Span(0, size, size)
    first, last = found.groups()
    if not first:
        return Span(max(0, size - int(last)), size, size) if int(last) else None
    start, end = int(first), min(int(last) + 1, size) if last else size
    return Span(start, end, size) if start < end else None
