"""Where a table ends before its file does: at remarks below it, or at the next table.

Only gaps are looked at, blank lines or a header come again, so that a scan costs little more than reading the bytes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tolva.tables.reading.csv_cells import ANY_WIDTH, Splitter
from tolva.tables.reading.dialect import Dialect
from tolva.tables.reading.layout import looks_like_header

BLOCK = 4 * 1024 * 1024
OVERLAP = 64 * 1024
"""Bytes behind a gap that are looked at."""
ROWS = 30
MOST_GAPS = 1_000
"""A file with more blank lines than this has them everywhere: they mean nothing."""


@dataclass(frozen=True)
class Ending:
    """The byte at which the table ends, and what comes then."""

    offset: int
    another_table: bool


def find_end(path: Path, dialect: Dialect, headers: Sequence[str], start: int) -> Ending | None:
    """The first ending after `start`, where the data begins; None when the table goes on to the end of the file.

    It may lie inside of a quoted cell: who reads the records has to ignore it then.
    """
    splitter = Splitter(dialect)
    for number, (offset, text, final) in enumerate(_gaps(path, dialect, headers, start)):
        if number == MOST_GAPS:
            return None
        rows = [row for row in _rows(splitter, text, final=final) if any(map(str.strip, row))]
        if not rows:
            continue
        if _begins_table(rows, headers):
            return Ending(offset, another_table=True)
        if final and len(rows) < ROWS and len(headers) > 3 and all(_is_remark(row, headers) for row in rows):
            return Ending(offset, another_table=False)
    return None


def _gaps(path: Path, dialect: Dialect, headers: Sequence[str], start: int) -> Iterator[tuple[int, str, bool]]:
    """Each place where something else may begin: its offset, the text there, and whether the file ends with it."""
    blank = re.escape(dialect.delimiter.encode()) + rb"|[ \t\r]"
    first = re.escape(next(filter(None, headers), "").encode())
    gap = re.compile(rb"\n(?:(?:" + blank + rb")*+\n)+" + (rb"|\n(?=\W?" + first + rb"\b)" if first else b""))
    with path.open("rb") as file:
        file.seek(start)
        held, at = b"", start
        while block := file.read(BLOCK):
            held += block
            final = len(block) < BLOCK
            limit = len(held) if final else len(held) - OVERLAP
            for found in gap.finditer(held):
                if found.end() >= limit:
                    break
                text = held[found.end() : found.end() + OVERLAP]
                yield at + found.end(), text.decode("utf-8", "replace"), final and found.end() + OVERLAP >= len(held)
            keep = max(limit - 1, 0)
            held, at = held[keep:], at + keep


def _rows(splitter: Splitter, text: str, *, final: bool) -> Iterator[list[str]]:
    text, at = text if final else text[: text.rfind("\n") + 1], 0
    for _ in range(ROWS):
        if at >= len(text):
            return
        record = splitter.record(text, at, ANY_WIDTH, final=True)
        at = record.end + 1
        yield record.cells


def _begins_table(rows: Sequence[Sequence[str]], headers: Sequence[str]) -> bool:
    """Whether the first row is a header, though not the same one again."""
    cells = [cell.strip() for cell in rows[0]]
    named = [header for header in headers if header]
    if [*cells, ""][: len(headers)] == list(headers) and not any(cells[len(headers) :]):
        return False
    again = sum(header in cells for header in named)
    if len(named) > 1 and again * 5 >= len(named) * 3:
        return True
    return len(rows) > 1 and looks_like_header(rows, 0)


def _is_remark(row: Sequence[str], headers: Sequence[str]) -> bool:
    """Whether a row holds a sentence where others hold a record."""
    filled = [cell.strip() for cell in row if cell.strip()]
    return len(filled) <= max(1, len(headers) // 4) and any(" " in cell or cell.endswith(":") for cell in filled)
