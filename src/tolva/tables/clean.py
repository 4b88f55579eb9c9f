"""A file as clean CSV: UTF-8, comma, quotes doubled, header first, values untouched."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import csv
import io
from collections.abc import Iterator

from tolva.tables.reading.source import Source

ROWS = 20_000


def clean_csv(source: Source) -> Iterator[str]:
    """The CSV piece by piece. Cells beyond those of the header are kept, at the end of their row."""
    if source.findings.header_rows:
        yield _lines([source.headers])
    for frame in source.frames(None, ROWS):
        cells = frame.rows.drop("row", "flaw", "more")
        if frame.rows["more"].null_count() == frame.rows.height:
            yield cells.write_csv(include_header=False)
        else:
            yield _lines(
                [[*row, *(more or ())] for row, more in zip(cells.rows(), frame.rows["more"].to_list(), strict=True)]
            )


def _lines(rows: "list[tuple[str, ...]] | list[list[str | None]]") -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
