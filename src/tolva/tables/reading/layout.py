"""Where the table begins in the first rows of a file: which rows precede it, which are its header."""

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from tolva.errors import InvalidInput
from tolva.tables.fold import fold
from tolva.tables.reading.cell_kinds import BODY, TYPED, column_kinds, kind_of
from tolva.tables.reading.header_lines import header_at

Row = Sequence[str]

YEAR = re.compile(r"(?:19|20)\d\d")
DRAWN = " \t\r\n-=_*+~.,;|:"
"""What separates, and says nothing by itself."""


@dataclass(frozen=True)
class Layout:
    """`header` has a name, or "", for each column; `rows` are the header's, from 0; data begins at row `first`."""

    header: tuple[str, ...]
    rows: tuple[int, ...]
    first: int


def find_layout(rows: Sequence[Row], known: Set[str] = frozenset(), header_row: int | None = None) -> Layout | None:
    """The layout of a file that begins with `rows`; None when all of them are blank.

    `known` are folded names that a header would have; a row with several of them is the header. `header_row` is the
    user's word: a row from 0, or -1 for no header. Raises InvalidInput when `rows` do not reach that far.

    >>> find_layout([["Lista de precios"], [], ["Código", "Precio"], ["A1", "1,50"], ["A2", "2,50"]])
    Layout(header=('Código', 'Precio'), rows=(2,), first=3)
    """
    filled = [_filled(row) for row in rows]
    if not any(filled):
        return None
    if header_row is not None and header_row < 0:
        return Layout((), (), next(number for number, count in enumerate(filled) if count))
    if header_row is not None and header_row >= len(rows):
        raise InvalidInput(
            f"La fila {header_row + 1} no puede ser la de encabezados: el archivo se miró hasta la fila {len(rows)}."
        )
    top = header_row if header_row is not None else _known_header(rows, known)
    if top is None:
        top = _top(filled)
        if not _is_header(rows, top):
            return Layout((), (), top)
    header = header_at(rows, top, known)
    return Layout(_shifted(rows, header.names, header.after), header.rows, header.after)


def _filled(row: Row) -> int:
    """Cells that say something; lines drawn of dashes do not."""
    return sum(1 for cell in row if cell.strip(DRAWN))


def has_known_header(rows: Sequence[Row], known: Set[str]) -> bool:
    """Whether one of the first rows names columns that are known.

    >>> has_known_header([["Lista"], ["Código", "Precio"]], {"codigo", "precio"})
    True
    """
    return _known_header(rows, known) is not None


def _known_header(rows: Sequence[Row], known: Set[str]) -> int | None:
    """The row with most known names: at least two, or half of its cells."""
    hits = [len({fold(cell) for cell in row} & known) for row in rows[:BODY]] if known else []
    best = max(range(len(hits)), key=lambda number: (hits[number], -number), default=None)
    if best is None or hits[best] < 1 or (hits[best] < 2 and hits[best] * 2 < _filled(rows[best])):
        return None
    return best


def _top(filled: Sequence[int]) -> int:
    """The first row of the table: of the first stretch of rows that is as wide as most, its first wide one."""
    several = [count for count in filled if count > 1] or [1]
    typical = median(several)
    needed = max(min(2.0, typical), typical / 2)
    stretches = _stretches(filled)
    fitting = [stretch for stretch in stretches if median(filled[number] for number in stretch) >= needed]
    main = next((stretch for stretch in fitting if len(stretch) > 1), (fitting or stretches)[0])
    return next((number for number in main if filled[number] >= needed), main[0])


def _stretches(filled: Sequence[int]) -> list[list[int]]:
    """Runs of rows that hold something.

    >>> _stretches([1, 0, 3, 3])
    [[0], [2, 3]]
    """
    runs: list[list[int]] = []
    for number, count in enumerate(filled):
        if count and runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        elif count:
            runs.append([number])
    return runs


def _is_header(rows: Sequence[Row], top: int) -> bool:
    """Whether a row names columns, rather than being the first row of data.

    Data has cells of the kind of those below it; but years that ascend one by one are names.
    """
    cells = [cell.strip() for cell in rows[top]]
    rows = [*rows[: top + 1], *(row for row in rows[top + 1 :] if list(map(str.strip, row)) != cells)]
    below = column_kinds(rows, top + 1, len(cells))
    typed = [(kind_of(cell), kind) for cell, kind in zip(cells, below, strict=True) if cell and kind in TYPED]
    if not typed:
        return not _repeated_below(rows, top, cells)
    alike = sum(own == kind for own, kind in typed)
    return alike * 2 < len(typed) or _are_years(cells)


def looks_like_header(rows: Sequence[Row], top: int) -> bool:
    """Whether a row in mid-file surely names columns: several texts, all different, above numbers, dates or the like.

    >>> looks_like_header([["País", "Total"], ["Perú", "12"]], 0)
    True
    """
    cells = [cell.strip() for cell in rows[top]]
    filled = [cell for cell in cells if cell]
    below = column_kinds(rows, top + 1, len(cells))
    typed = [cell for cell, kind in zip(cells, below, strict=True) if cell and kind in TYPED]
    texts = all(kind_of(cell) == "text" for cell in filled)
    return len(filled) > 1 and texts and bool(typed) and len(set(filled)) == len(filled)


def _are_years(cells: Sequence[str]) -> bool:
    numbers = [int(cell) for cell in cells if YEAR.fullmatch(cell)]
    return len(numbers) > 1 and all(after - before == 1 for before, after in pairwise(numbers))


def _repeated_below(rows: Sequence[Row], top: int, cells: Sequence[str]) -> bool:
    """Whether most of a row's texts occur again in their columns, as values do and names do not."""
    filled = [number for number, cell in enumerate(cells) if cell]
    body = rows[top + 1 : top + 1 + BODY]
    again = sum(any(len(row) > number and row[number].strip() == cells[number] for row in body) for number in filled)
    return len(body) > 1 and again * 2 > len(filled)


def _shifted(rows: Sequence[Row], names: list[str], first: int) -> tuple[str, ...]:
    """With a blank name in front where each row has one cell more than the header: R writes row names so."""
    body = [row for row in rows[first : first + BODY] if _filled(row)]
    longer = [row for row in body if len(row) == len(names) + 1 and row[-1].strip() and row[0].strip()]
    shift = len(longer) > 1 and len(longer) > 0.9 * len(body) and all(names)
    return ("", *names) if shift else tuple(names)
