"""Where a table ends before its file does: at remarks below it, or at the next table.

Only gaps are looked at, blank lines or a header come again, so that a scan costs little more than reading the bytes.
A gap alone ends nothing: people set groups of rows apart with blank lines and titles. What may be a row is read as one,
and explained if it is none; to leave it out, it has to be surely something else.
"""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

from tolva.tables.fold import fold
from tolva.tables.reading.cell_kinds import CellKind, column_kinds
from tolva.tables.reading.csv_cells import ANY_WIDTH, Splitter
from tolva.tables.reading.dialect import Dialect
from tolva.tables.reading.layout import looks_like_header
from tolva.tables.reading.watch import Watch

BLOCK = 4 * 1024 * 1024
OVERLAP = 64 * 1024
"""Bytes behind a gap that are looked at."""
ROWS = 30
FEW_COLUMNS = 3
"""In a table of so many, a row of one cell may well be a record, unless none of the others looks like that."""
LONGEST = 4 * 1024 * 1024
"""Bytes of such a table whose rows are all looked at, which takes a second or two."""
WORDS = frozenset[CellKind](("text", "code", "flag", "link", "odd"))
DIGITS = frozenset[CellKind](("number", "code"))
"""Kinds that may well stand in one column."""
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
    top = list(takewhile(_width, first_rows))
    widths, kinds = {len(headers), *map(_width, top)}, column_kinds(top, 0, len(headers))
    ending: Ending | None = None
    for number, (offset, text, final) in enumerate(_gaps(path, dialect, headers, start, watch)):
        if number == MOST_GAPS:
            return None
        rows = list(islice(_rows(splitter, text, final=final), ROWS))
        group = list(takewhile(_width, rows))
        if not group:
            continue
        if _is_same(group[0], headers):
            ending = None  # the table goes on, so what stands between belongs to it
        elif ending is None and _begins_table(group, headers, widths, kinds):
            ending = Ending(offset, another_table=True)
        elif ending is None and final and len(rows) < ROWS and _are_remarks(rows, headers):
            if len(headers) <= FEW_COLUMNS and _may_be_records(path, splitter, start, offset):
                return None
            ending = Ending(offset, another_table=False)
        elif ending is None:
            widths.update(map(_width, group))
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


def _width(row: Sequence[str]) -> int:
    """Cells up to the last that holds something: a sheet of several tables is saved with all rows filled up.

    >>> _width(["país", "total", "", " "])
    2
    """
    return max((number for number, cell in enumerate(row, start=1) if cell.strip()), default=0)


def _is_same(row: Sequence[str], headers: Sequence[str]) -> bool:
    """Whether a row is the header once more."""
    return list(map(fold, row[: _width(row)])) == list(map(fold, headers[: _width(headers)]))


def _begins_table(
    group: Sequence[Sequence[str]], headers: Sequence[str], widths: Set[int], kinds: Sequence[CellKind]
) -> bool:
    """Whether the first of some rows surely is another header.

    It repeats most of the names, but not all of them at their places; or it names columns, is as wide as the rows
    below it, and no row of the table above is. Narrower ones may be rows that leave the last cells blank: they are
    not, where the columns below hold something else than the table's, whose `kinds` these are.
    """
    named, cells = set(map(fold, filter(None, headers))), set(map(fold, group[0]))
    if len(named) > 1 and len(named & cells) * 5 >= len(named) * 3:
        return True
    width, below = _width(group[0]), max(map(_width, group[1:]), default=0)
    if width != below or width in widths or not looks_like_header(group, 0):
        return False
    pairs = zip(column_kinds(group, 1, width), kinds, strict=False)
    return width > len(headers) or not all(_are_alike(one, other) for one, other in pairs)


def _are_alike(one: CellKind, other: CellKind) -> bool:
    """Whether one column may hold both kinds.

    >>> _are_alike("code", "text"), _are_alike("blank", "date"), _are_alike("text", "number")
    (True, True, False)
    """
    both = {one, other} - {"blank"}
    return len(both) < 2 or both <= WORDS or both <= DIGITS


def _may_be_records(path: Path, splitter: Splitter, start: int, end: int) -> bool:
    """Whether a sentence below a narrow table, whose rows are between these bytes, may be a record.

    It is none where there are rows and not one looks like that. In a table too long to look at all, it may be.
    """
    if end - start > LONGEST:
        return True
    with path.open("rb") as file:
        file.seek(start)
        text = file.read(end - start).decode("utf-8", "replace")
    found = {_may_stand_alone(row) for row in _rows(splitter, text, final=True) if _width(row)}
    return found != {False}


def _may_stand_alone(row: Sequence[str]) -> bool:
    """Whether a row of a narrow table shows that others may be records though they hold but a sentence.

    >>> _may_stand_alone(["A1", "2"]), _may_stand_alone(["Ana Ruiz", "2"]), _may_stand_alone(["A1", ""])
    (False, True, True)
    """
    filled = [cell.strip() for cell in row if cell.strip()]
    return len(filled) < 2 or _is_sentence(row[0].strip())


def _are_remarks(rows: Sequence[Sequence[str]], headers: Sequence[str]) -> bool:
    return len(headers) > 1 and all(_is_remark(row, headers) for row in rows if _width(row))


def _is_remark(row: Sequence[str], headers: Sequence[str]) -> bool:
    """Whether a row begins with words, and holds hardly more, where others hold a record."""
    filled = [cell.strip() for cell in row if cell.strip()]
    begins = len(headers) > FEW_COLUMNS or bool(row[0].strip())
    return begins and len(filled) <= max(1, len(headers) // 4) and _is_sentence(filled[0])


def _is_sentence(cell: str) -> bool:
    return " " in cell or cell.endswith(":")
