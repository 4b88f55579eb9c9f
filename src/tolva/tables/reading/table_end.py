"""What surely is no row of the table above it: another header, or remarks."""

from collections.abc import Sequence, Set

from tolva.tables.fold import fold
from tolva.tables.reading.cell_kinds import CellKind, column_kinds
from tolva.tables.reading.layout import looks_like_header

FEW_COLUMNS = 3
"""In a table of so many, a row of one cell may well be a record, unless none of the others looks like that."""
WORDS = frozenset[CellKind](("text", "code", "flag", "link", "odd"))
DIGITS = frozenset[CellKind](("number", "code"))
"""Kinds that may well stand in one column."""


def filled_width(row: Sequence[str]) -> int:
    """Cells up to the last that holds something: a sheet of several tables is saved with all rows filled up.

    >>> filled_width(["país", "total", "", " "])
    2
    """
    return max((number for number, cell in enumerate(row, start=1) if cell.strip()), default=0)


def is_same(row: Sequence[str], headers: Sequence[str]) -> bool:
    """Whether a row is the header once more."""
    return list(map(fold, row[: filled_width(row)])) == list(map(fold, headers[: filled_width(headers)]))


def begins_table(
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
    width, below = filled_width(group[0]), max(map(filled_width, group[1:]), default=0)
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


def are_remarks(rows: Sequence[Sequence[str]], headers: Sequence[str]) -> bool:
    """Whether all of some rows are sentences about the table."""
    return len(headers) > 1 and all(_is_remark(row, headers) for row in rows if filled_width(row))


def _is_remark(row: Sequence[str], headers: Sequence[str]) -> bool:
    """Whether a row begins with words, and holds hardly more, where others hold a record."""
    filled = [cell.strip() for cell in row if cell.strip()]
    begins = len(headers) > FEW_COLUMNS or bool(row[0].strip())
    return begins and len(filled) <= max(1, len(headers) // 4) and _is_sentence(filled[0])


def may_stand_alone(row: Sequence[str]) -> bool:
    """Whether a row of a narrow table shows that others may be records though they hold but a sentence.

    >>> may_stand_alone(["A1", "2"]), may_stand_alone(["Ana Ruiz", "2"]), may_stand_alone(["A1", ""])
    (False, True, True)
    """
    filled = [cell.strip() for cell in row if cell.strip()]
    return len(filled) < 2 or _is_sentence(row[0].strip())


def _is_sentence(cell: str) -> bool:
    return " " in cell or cell.endswith(":")
