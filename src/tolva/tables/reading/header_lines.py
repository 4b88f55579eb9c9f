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
        if not _goes_on(names, below, kinds) or not _keeps(names, below, kinds, known):
            break
        names, used, after = _joined(names, below, known), [*used, after], after + 1
    return Header(names, tuple(used), after)


def _grouped(rows: Sequence[Sequence[str]], top: int, names: list[str], known: Set[str]) -> list[str] | None:
    """The names with those of their groups, where the row above is a line of groups that adds something.

    Titles stand there, too. So a row that says something above the first column, or in one cell alone, has to tell
    columns apart that have the same name; or that cell is a word above numbers.
    """
    above = [cell.strip() for cell in rows[top - 1]] if top else []
    filled = [number for number, cell in enumerate(above) if cell]
    named = all(number < len(names) and names[number] for number in filled)
    if not filled or not named or not all(kind_of(above[number]) == "text" for number in filled):
        return None
    joined = _joined(above, names, known)
    apart = len(_repeated(joined)) < len(_repeated(names)) and len(filled) > 1
    adds = filled[0] > 0 and joined != names and _hits(joined, known) >= _hits(names, known)
    several = len(filled) > 1 or _is_word_above_numbers(rows, top, filled[0])
    return joined if apart or (adds and several) else None


def _is_word_above_numbers(rows: Sequence[Sequence[str]], top: int, column: int) -> bool:
    """Whether the row above a header has one word there, and several columns of numbers or dates from there on."""
    kinds = [kind for kind in column_kinds(rows, top + 1, len(rows[top]))[column:] if kind != "blank"]
    return " " not in rows[top - 1][column].strip() and len(kinds) > 1 and all(kind in MEASURED for kind in kinds)


def _goes_on(names: Sequence[str], below: Sequence[str], kinds: Sequence[CellKind]) -> bool:
    """Whether a row goes on naming below a header: it fills gaps above numbers, dates or the like, and is no data.

    Data begins with a code, or holds what its columns hold; `kinds` are those of the rows below it.

    >>> _goes_on(["SKU", "Precio", ""], ["", "Neto", "Bruto"], ["code", "number", "number"])
    True
    >>> _goes_on(["SKU", "Precio", ""], ["A1", "pendiente", "ver"], ["code", "number", "flag"])
    False
    """
    gaps = [number for number, cell in enumerate(below) if cell and not (names[number : number + 1] or [""])[0]]
    own = [kind_of(cell) for cell in below]
    alike = any(kind in TYPED and kind == column for kind, column in zip(own, kinds, strict=True))
    data = alike or own[:1] == ["code"] or any(kind in MEASURED for kind in own)
    return not data and any(kinds[number] in TYPED for number in gaps)


def _keeps(names: Sequence[str], below: Sequence[str], kinds: Sequence[CellKind], known: Set[str]) -> bool:
    """Whether joining two lines takes away no name that is `known` as it stands, but those that surely are groups.

    Such a name reaches over several columns; and names below say it, or are told apart by it, or others beside are
    known.

    >>> _keeps(["SKU", "Precio", ""], ["", "COP", "IVA"], ["code", "number", "number"], {"sku", "precio"})
    False
    >>> _keeps(["", "Precio", ""], ["SKU", "Neto", "Bruto"], ["code", "number", "number"], {"sku", "precio"})
    True
    """
    joined = _joined(names, below, known)
    gone = (set(map(fold, names)) & known) - set(map(fold, joined))
    lost = [(begin, end) for begin, end in _reaches(names, below) if fold("".join(names[begin : begin + 1])) in gone]
    said = all(any(_says(cell, names[begin]) for cell in below[begin:end]) for begin, end in lost)
    apart = _names_numbers(below, kinds) and len(_repeated(joined)) < len(_repeated(below))
    beside = [cell for number, cell in enumerate(below) if not any(begin <= number < end for begin, end in lost)]
    return all(end - begin > 1 for begin, end in lost) and (said or apart or _hits(beside, known) > 0)


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
    single = known - _repeated(under)
    joined: list[str] = []
    for begin, end in _reaches(names, below):
        group, cells = above[begin], under[begin:end]
        whole = [f"{group} {cell}".strip() for cell in cells]
        enough = any(_says(cell, group) for cell in cells) or _hits(cells, single) > _hits(whole, known)
        joined += [cells[0] or group, *cells[1:]] if enough else whole
    return joined


def _reaches(names: Sequence[str], below: Sequence[str]) -> list[tuple[int, int]]:
    """From which column to before which one each name reaches: as far as the line below fills gaps.

    >>> _reaches(["SKU", "Precio", "", "Nota"], ["", "Neto", "Bruto", ""])
    [(0, 1), (1, 3), (3, 4)]
    """
    width = max(len(names), len(below))
    gap = [not any(names[number : number + 1]) and any(below[number : number + 1]) for number in range(width)]
    begins = [number for number in range(width) if not gap[number] or not number]
    return list(pairwise([*begins, width]))


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
