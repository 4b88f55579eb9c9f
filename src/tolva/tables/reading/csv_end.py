"""Where a table ends before its file does: at remarks below it, or at the next table.

Only gaps are looked at, blank lines or a header come again, so that a scan costs little more than reading the bytes.
A gap alone ends nothing: people set groups of rows apart with blank lines and titles. What may be a row is read as one,
and explained if it is none; to leave it out, it has to be surely something else.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

from tolva.tables.reading.cell_kinds import column_kinds
from tolva.tables.reading.csv_cells import ANY_WIDTH, Splitter
from tolva.tables.reading.dialect import Dialect
from tolva.tables.reading.table_end import (
    FEW_COLUMNS,
    are_remarks,
    begins_table,
    filled_width,
    is_same,
    may_stand_alone,
)
from tolva.tables.reading.watch import Watch

BLOCK = 4 * 1024 * 1024
OVERLAP = 64 * 1024
"""Bytes behind a gap that are looked at."""
ROWS = 30
LONGEST = 4 * 1024 * 1024
"""Bytes of a table of FEW_COLUMNS whose rows are all looked at, which takes a second or two."""
MOST_GAPS = 1_000
"""A file with more blank lines than this has them everywhere: they mean nothing."""


@dataclass(frozen=True)
class Ending:
    """The byte at which the table ends, and what comes then."""

    offset: int
    another_table: bool


def find_end(
    path: Path,
    dialect: Dialect,
    headers: Sequence[str],
    start: int,
    first_rows: Sequence[Sequence[str]],
    watch: Watch,
) -> Ending | None:
    """The first ending after `start`, where the data begins; None when the table goes on to the end of the file.

    `first_rows` are those from `start` on. The ending may lie inside of a quoted cell: who reads the records has to
    ignore it then.
    """
    splitter = Splitter(dialect)
    top = list(takewhile(filled_width, first_rows))
    widths, kinds = {len(headers), *map(filled_width, top)}, column_kinds(top, 0, len(headers))
    ending: Ending | None = None
    for number, (offset, text, final) in enumerate(_gaps(path, dialect, headers, start, watch)):
        if number == MOST_GAPS:
            return None
        rows = list(islice(_rows(splitter, text, final=final), ROWS))
        group = list(takewhile(filled_width, rows))
        if not group:
            continue
        if is_same(group[0], headers):
            ending = None  # the table goes on, so what stands between belongs to it
        elif ending is None and begins_table(group, headers, widths, kinds):
            ending = Ending(offset, another_table=True)
        elif ending is None and final and len(rows) < ROWS and are_remarks(rows, headers):
            if len(headers) <= FEW_COLUMNS and _may_be_records(path, splitter, start, offset):
                return None
            ending = Ending(offset, another_table=False)
        elif ending is None:
            widths.update(map(filled_width, group))
    return ending


def _gaps(
    path: Path, dialect: Dialect, headers: Sequence[str], start: int, watch: Watch
) -> Iterator[tuple[int, str, bool]]:
    """Each place where something else may begin: its offset, the text there, and whether the file ends with it."""
    blank = re.escape(dialect.delimiter.encode()) + rb"|[ \t\r]"
    first = re.escape(next(filter(None, headers), "").encode())
    gap = re.compile(rb"\n(?:(?:" + blank + rb")*+\n)+" + (rb"|\n(?=\W?" + first + rb"\b)" if first else b""))
    with path.open("rb") as file:
        file.seek(start)
        held, at, following = b"", start, file.read(BLOCK)
        while following:
            watch()
            held, following = held + following, file.read(BLOCK)  # one ahead: only so it is known which is the last
            final = not following
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
    while at < len(text):
        record = splitter.record(text, at, ANY_WIDTH, final=True)
        at = record.end + 1
        yield record.cells


def _may_be_records(path: Path, splitter: Splitter, start: int, end: int) -> bool:
    """Whether a sentence below a narrow table, whose rows are between these bytes, may be a record.

    It is none where there are rows and not one looks like that. In a table too long to look at all, it may be.
    """
    if end - start > LONGEST:
        return True
    with path.open("rb") as file:
        file.seek(start)
        text = file.read(end - start).decode("utf-8", "replace")
    found = {may_stand_alone(row) for row in _rows(splitter, text, final=True) if filled_width(row)}
    return found != {False}
