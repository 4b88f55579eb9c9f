"""A look at a sheet's XML before it is parsed: how large a grid it spans, and which texts would be lost.

The parser holds the grid from the first to the last cell, so two cells in far corners would fill the memory.
"""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from posixpath import join, normpath

from tolva.errors import UnreadableFile
from tolva.tables.reading.elapsed_styles import elapsed_styles
from tolva.tables.reading.xlsx_texts import REFERENCE, elapsed_cells, lost_texts

BLOCK = 1024 * 1024
MAX_ROW = 32 * BLOCK
ANY_CELL = re.compile(REFERENCE)
PLAIN_CELL = re.compile(rb' r="([A-Z]{1,3})([0-9]{1,7})"')
WIDE_CELL = re.compile(rb' r="[A-Z]{2}')
PLAIN_ROW = re.compile(rb'<row [^<>]*?r="([0-9]{1,7})"')
"""What every known program writes, and several times faster to find."""
UNUSUAL = (b"'", b"\t", b"\n", b"\r", b" =", b"= ", b":row")
"""Signs of what the plain patterns would miss."""
FILLED_CELL = re.compile(rb"<(?:\w+:)?c\b[^<>]*?" + REFERENCE + rb"[^<>]*(?<!/)>")
UNPLACED_CELL = re.compile(rb"<(?:\w+:)?c\b(?![^<>]*\sr\s*=)[^<>]*(?<!/)>")
ROW = re.compile(rb"""<(?:\w+:)?row\b[^<>]*?\sr\s*=\s*["']([0-9]{1,7})["'][^<>]*(?<!/)>""")
SHEET = re.compile(r'<(?:\w+:)?sheet\s[^<>]*\b\w+:id="([^"]+)"')
RELATION = re.compile(r"<(?:\w+:)?Relationship\s[^<>]*>")
FROM_1904 = re.compile(r"""<(?:\w+:)?workbookPr\s[^<>]*?\bdate1904\s*=\s*["'](?:1|true)["']""")
BOOK, STYLES = "xl/workbook.xml", "xl/styles.xml"


MERGED = re.compile(
    rb"""<(?:\w+:)?mergeCell\s[^<>]*?ref\s*=\s*["']([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})["']"""
)
HIDDEN_ROW = re.compile(
    rb"""<(?:\w+:)?row\b(?=[^<>]*\shidden\s*=\s*["'](?:1|true)["'])[^<>]*?\sr\s*=\s*["']([0-9]{1,7})["']"""
)


@dataclass(frozen=True)
class Merge:
    """Cells shown as one: rows from 1, columns from 0, the last ones included."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(frozen=True)
class SheetScan:
    """Extent of a sheet's cells, lost texts as (row from 1, column from 0, text), merged cells, hidden rows."""

    rows: int
    columns: int
    texts: tuple[tuple[int, int, str], ...]
    merges: tuple[Merge, ...]
    hidden: tuple[int, ...]
    """Rows that Excel does not show, from 1."""
    from_1904: bool
    """Whether the book counts its days from 1904."""


def scan_sheet(archive: zipfile.ZipFile, number: int, *, exact: bool = False) -> SheetScan:
    """Reads a sheet's XML once, in blocks; `number` counts sheets from 0. Raises UnreadableFile when there is none.

    The extent counts cells that are formatted but empty, and all columns up to Z, unless `exact` is asked for, which
    takes longer.
    """
    rows, columns = 0, set[bytes]()
    texts: list[tuple[int, int, str]] = []
    merges: list[Merge] = []
    hidden: list[int] = []
    elapsed = elapsed_cells(elapsed_styles(_text(archive, STYLES) if STYLES in archive.namelist() else ""))
    for block in _whole_rows(archive, _sheet(archive, number)):
        if exact and not UNPLACED_CELL.search(block):  # such a cell stands beside the one before it
            cells, numbers = FILLED_CELL.findall(block), list[bytes]()
        elif any(sign in block for sign in UNUSUAL):
            cells, numbers = ANY_CELL.findall(block), ROW.findall(block)
        else:
            cells, numbers = _plain_extent(block)
        columns.update(column for column, _ in cells)
        rows = max(_last_in_order(rows, numbers), *map(int, {row for _, row in cells}), 0)
        texts += [(int(row), column_index(column), text) for column, row, text in lost_texts(block, elapsed)]
        if b"hidden" in block:
            hidden += map(int, HIDDEN_ROW.findall(block))
        if b"mergeCell" in block:
            found = MERGED.findall(block)
            merges += [Merge(int(a), int(b), column_index(left), column_index(right)) for left, a, right, b in found]
    indexes = [column_index(column) for column in columns]
    width = max(indexes, default=-1) - min(indexes, default=0) + 1
    from_1904 = FROM_1904.search(_text(archive, BOOK)) is not None
    return SheetScan(rows, width, tuple(texts), tuple(merges), tuple(hidden), from_1904)


def _last_in_order(above: int, numbers: list[bytes]) -> int:
    """The last of some rows that follow the row `above`. Raises UnreadableFile where they are in disorder.

    The parser would leave out what stands above its first row.
    """
    rows = [above, *map(int, numbers)]
    if not all(before < after for before, after in pairwise(rows)):
        raise UnreadableFile("El libro de Excel está dañado: sus filas no están en orden. Ábralo y guárdelo de nuevo.")
    return rows[-1]


def column_letters(index: int) -> str:
    """The name of a column, the inverse of `column_index`.

    >>> column_letters(0), column_letters(26), column_letters(16383)
    ('A', 'AA', 'XFD')
    """
    letters, index = "", index + 1
    while index:
        index, letter = divmod(index - 1, 26)
        letters = chr(65 + letter) + letters
    return letters


def column_index(letters: bytes) -> int:
    """The number of a column, from 0.

    >>> column_index(b"A"), column_index(b"AA"), column_index(b"XFD")
    (0, 26, 16383)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _plain_extent(block: bytes) -> tuple[list[tuple[bytes, bytes]], list[bytes]]:
    """Cells that tell the extent of an ordinary block, and its rows; columns up to Z count as there."""
    cells = PLAIN_CELL.findall(block) if WIDE_CELL.search(block) else [(b"A", b"0"), (b"Z", b"0")]
    return cells, PLAIN_ROW.findall(block)


def _whole_rows(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The sheet in blocks that end where a row ends."""
    rest = b""
    with archive.open(name) as sheet:
        while block := sheet.read(BLOCK):
            held = rest + block
            end = _last_row_end(held)
            rest = held[end:]
            if len(rest) > MAX_ROW:
                raise UnreadableFile("Una fila del libro de Excel supera los 32 MB; el archivo parece dañado.")
            yield held[:end]
    yield rest


def _last_row_end(held: bytes) -> int:
    """Where the last row ends, also one whose name has a prefix (`</x:row>`); 0 where none does."""
    for ending in (b"</row>", b":row>"):
        if (at := held.rfind(ending)) >= 0:
            return at + len(ending)
    return 0


def _sheet(archive: zipfile.ZipFile, number: int) -> str:
    ids: list[str] = SHEET.findall(_text(archive, BOOK))
    for relation in RELATION.findall(_text(archive, "xl/_rels/workbook.xml.rels")):
        if number < len(ids) and f'Id="{ids[number]}"' in relation:
            target = re.search(r'Target="([^"]+)"', relation)
            if target:
                return normpath(join("xl", target[1])).lstrip("/")
    raise UnreadableFile("El libro de Excel no tiene hojas.")


def _text(archive: zipfile.ZipFile, name: str) -> str:
    return archive.read(name).decode("utf-8", "replace")
