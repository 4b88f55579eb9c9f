"""The first rows of a source, for who cannot wait for all of them."""

from collections.abc import Iterator, Sequence

from tolva.tables.reading.findings import Findings
from tolva.tables.reading.source import Frame, Numbers, Position, Source


class Beginning:
    """A source of some rows of another, the first ones."""

    def __init__(self, source: Source, rows: int) -> None:
        self._source, self._rows = source, rows

    @property
    def headers(self) -> tuple[str, ...]:
        """Those of the source."""
        return self._source.headers

    @property
    def findings(self) -> Findings:
        """Those of the source."""
        return self._source.findings

    def numbers(self, columns: Sequence[int]) -> Sequence[Numbers]:
        """Those of all rows of the source: a file knows its own, and a workbook is in memory anyway."""
        return self._source.numbers(columns)

    def frames(self, at: Position | None, rows: int) -> Iterator[Frame]:
        """The frames of the source until as many rows are seen; the last may hold more than are missing."""
        left = self._rows
        for frame in self._source.frames(at, min(rows, left)):
            yield frame
            left -= frame.rows.height
            if left <= 0:
                return


def has_more(source: Source, rows: int) -> bool:
    """Whether a source has more rows than so many; reads these once."""
    seen = 0
    return any((seen := seen + frame.rows.height) > rows for frame in source.frames(None, rows))
