"""The names of columns, where the header takes more than one line."""

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from tolva.tables.fold import fold
from tolva.tables.reading.cell_kinds import MEASURED, TYPED, CellKind, column_kinds, kind_of

MOST_HEADER_ROWS = 3


@dataclass(frozen=True)
class Header:
    """A name, or "", for each column; the rows that they stand in, from 0; and the row after them."""

    names: list[str]
    rows: tuple[int, ...]
    after: int


def header_at(rows: Sequence[Sequence[str]], top: int, known: Set[str]) -> Header:
    """The header in row `top`, joined with a line of groups above it and the rows below it that go on naming.

    `known` are folded names that a header would have.
    """
    used, names = [top], [cell.strip() for cell in rows[top]]
    after = top + 1
    if grouped := _grouped(rows, top, names, known):
        used, names = [top - 1, top], grouped
    while after < len(rows) and len(used) < MOST_HEADER_ROWS:
        below = [cell.strip() for cell in rows[after]]
        if below[: len(names)] == names:  # written twice
            after += 1
            continue
        kinds = column_kinds(rows, after + 1, len(below))
        joined = _joined(names, below, known)
        if not _goes_on(names, below, kinds):
            break
        if _hits(joined, known) < _hits(names, known) and not (_hits(below, known) or _names_numbers(below, kinds)):
            break
        names, used, after = joined, [*used, after], after + 1
    return Header(names, tuple(used), after)


def _grouped(rows: Sequence[Sequence[str]], top: int, names: list[str], known: Set[str]) -> list[str] | None:
    """The names with those of their groups, where the row above is a line of groups that adds something.

    Titles stand above the first column, too: such a row has to tell columns apart that have the same name.
    """
    above = [cell.strip() for cell in rows[top - 1]] if top else []
    filled = [number for number, cell in enumerate(above) if cell]
    named = all(number < len(names) and names[number] for number in filled)
    if not filled or not named or not all(kind_of(above[number]) == "text" for number in filled):
        return None
    joined = _joined(above, names, known)
    apart = len(_repeated(joined)) < len(_repeated(names)) and len(filled) > 1
    adds = filled[0] > 0 and joined != names and _hits(joined, known) >= _hits(names, known)
    return joined if apart or adds else None


def _goes_on(names: Sequence[str], below: Sequence[str], kinds: Sequence[CellKind]) -> bool:
    """Whether a row fills gaps of the header above it, and names columns of numbers, dates or the like."""
    gaps = [number for number, cell in enumerate(below) if cell and not (names[number : number + 1] or [""])[0]]
    texts = all(kind_of(cell) not in MEASURED for cell in below if cell)
    return bool(gaps) and texts and any(kind in TYPED for kind in kinds)


def _names_numbers(row: Sequence[str], kinds: Sequence[CellKind]) -> bool:
    """Whether a row has words above each of several columns of numbers or dates; `kinds` are those below it.

    >>> _names_numbers(["SKU", "Neto", "Bruto"], ["code", "number", "number"])
    True
    """
    above = [kind_of(cell) for cell, kind in zip(row, kinds, strict=True) if kind in MEASURED]
    return len(above) > 1 and all(kind == "text" for kind in above)


def _joined(names: Sequence[str], below: Sequence[str], known: Set[str] = frozenset()) -> list[str]:
    """Group and column as one name. A group reaches to the next one; it is left out where names below it say it.

    So it is where they are `known` by themselves, and one of a kind.

    >>> _joined(["SKU", "Precio", ""], ["", "Neto", "Bruto"])
    ['SKU', 'Precio Neto', 'Precio Bruto']
    >>> _joined(["", "Precio", "", ""], ["SKU", "Precio neto", "Precio bruto", "Nota"])
    ['SKU', 'Precio neto', 'Precio bruto', 'Nota']
    """
    width = max(len(names), len(below))
    above, under = ([*row, *[""] * (width - len(row))] for row in (names, below))
    begins = [number for number in range(width) if above[number] or not under[number] or not number]
    single = known - _repeated(under)
    joined: list[str] = []
    for begin, end in pairwise([*begins, width]):
        group, cells = above[begin], under[begin:end]
        whole = [f"{group} {cell}".strip() for cell in cells]
        enough = any(_says(cell, group) for cell in cells) or _hits(cells, single) > _hits(whole, known)
        joined += cells if enough else whole
    return joined


def _says(name: str, group: str) -> bool:
    """Whether a name begins with the words of its group.

    >>> _says("PRECIO neto", "Precio"), _says("Costera", "Coste"), _says("Neto", "")
    (True, False, False)
    """
    return bool(group) and f"{fold(name)} ".startswith(f"{fold(group)} ")


def _repeated(names: Sequence[str]) -> Set[str]:
    """The folded names that several columns have.

    >>> _repeated(["SKU", "Neto", "Bruto", "neto", "", ""])
    {'neto'}
    """
    counts = Counter(fold(name) for name in names if name)
    return {name for name, count in counts.items() if count > 1}


def _hits(names: Sequence[str], known: Set[str]) -> int:
    return len({fold(name) for name in names} & known)
