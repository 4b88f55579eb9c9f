"""A look at the content of an ODS before it is parsed: how large a grid its sheets span, and which texts are lost.

A few bytes can say "this row a million times". And the parser yields an error cell (#N/A …) as a blank one or as 0,
and a time as a blank one.
"""

import re
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from xml.parsers import expat

from tolva.errors import UnreadableFile
from tolva.tables.formula_errors import FORMULA_ERROR, MARKED_ERROR, UNKNOWN
from tolva.tables.reading.apart import DAMAGED
from tolva.tables.reading.clock import clock_of_iso

BLOCK = 1024 * 1024
MAX_CELL = 32 * BLOCK
BEGIN = b"<table:"
TOKEN = re.compile(
    rb"<t(?:able:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])"
    rb"""((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>"""
    rb"|ext:p(?=[\s>])(?<!</text:p><text:p)[^<>]*>(#[^<]{1,40}|(?:Err|Fehl)[^<:]{0,6}:\d{3})</text:p>\s*+</table:(?:covered-)?table-cell>)"
)
"""Where a sheet, row or cell begins, with its attributes; and the only line of a cell, where it may be an error."""
NAMED = re.compile(rb"\stable:name\s*=")
ROWS_REPEATED = re.compile(rb"""table:number-rows-repeated\s*=\s*["']0*(\d{1,20})["']""")
COLUMNS_REPEATED = re.compile(rb"""table:number-columns-repeated\s*=\s*["']0*(\d{1,20})["']""")
KIND = re.compile(rb""":value-type\s*=\s*["']([^"']*)["']""")
"""What a value is. Excel and LibreOffice write "error"; their old versions, and OpenOffice, the number 0."""
TIME = re.compile(rb""":time-value\s*=\s*["']([^"']{1,99})["']""")
ERROR_TEXT = re.compile(FORMULA_ERROR)
MARKED_TEXT = re.compile(MARKED_ERROR)


class Repeated(NamedTuple):
    """The text of an error or a time, and the cells that show it: rows from 1, columns from 0."""

    text: str
    row: int
    rows: int
    column: int
    columns: int

    def cells(self) -> Iterator[tuple[int, int, str]]:
        """Row, column and text of each."""
        for row in range(self.row, self.row + self.rows):
            for column in range(self.column, self.column + self.columns):
                yield row, column, self.text


@dataclass(frozen=True)
class OdsScan:
    """Cells of the largest sheet, from the first to the last that holds a value; and the lost texts of each sheet."""

    most_cells: int
    texts: tuple[list[Repeated], ...]

    def text_cells(self, sheet: int) -> Iterator[tuple[int, int, str]]:
        """Row from 1, column from 0 and text of each error and time of a sheet, counted from 0."""
        for repeated in self.texts[sheet]:
            yield from repeated.cells()


def scan_content(archive: zipfile.ZipFile) -> OdsScan:
    """Reads the content once, in blocks. Raises KeyError when there is none, UnreadableFile for damage."""
    sheets: list[_Sheet] = []
    sheet = _Sheet()
    for block in _whole_cells(archive):
        for kind, attributes, text in TOKEN.findall(block):
            if text:
                sheet.show(text)
            elif kind == b"table":
                sheet = _Sheet()
                sheets += [sheet] if NAMED.search(attributes) else []  # without a name, none for the parser either
            elif kind == b"table-row":
                sheet.begin_row(attributes)
            else:
                sheet.begin_cell(attributes)
    return OdsScan(max((s.rows * s.columns for s in sheets), default=0), tuple(s.texts for s in sheets))


class _Sheet:
    """What was seen of a sheet so far, and where the cell stands that was seen last."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self.texts: list[Repeated] = []
        self._row = self._row_times = self._column = self._column_times = 0
        self._marked = self._number = self._added = False

    def begin_row(self, attributes: bytes) -> None:
        self._row += self._row_times
        self._row_times = _times(ROWS_REPEATED, attributes)
        self._column = self._column_times = 0

    def begin_cell(self, attributes: bytes) -> None:
        self._column += self._column_times
        self._column_times = _times(COLUMNS_REPEATED, attributes)
        kinds = KIND.findall(attributes)
        self._marked, self._number = b"error" in kinds, b"float" in kinds
        self._added = self._marked or b"time" in kinds
        if self._added:
            self._add(UNKNOWN if self._marked else _time(attributes))
        elif kinds:
            self._extend()

    def show(self, text: bytes) -> None:
        """What the cell shows: its error's text, if it is one."""
        error = _error(text, marked=self._added or self._number)
        if error and self._added:
            self.texts.pop()
        if error:
            self._add(error)

    def _add(self, text: str) -> None:
        self._extend()
        self.texts.append(Repeated(text, self._row + 1, self._row_times, self._column, self._column_times))

    def _extend(self) -> None:
        self.rows = self._row + self._row_times
        self.columns = max(self.columns, self._column + self._column_times)


def _time(attributes: bytes) -> str:
    """A time of day or a duration; an error where the cell does not say which."""
    found = TIME.search(attributes)
    return clock_of_iso(found[1].decode("utf-8", "replace")) if found else UNKNOWN


@lru_cache(maxsize=256)
def _error(text: bytes, *, marked: bool) -> str | None:
    """The error that a cell shows. Where it is `marked`, or a number, its text may be one that is none elsewhere.

    >>> _error(b"#WERT!", marked=False), _error(b"#NV", marked=True), _error(b"Fehler:502", marked=True)
    ('#WERT!', '#N/A', 'Err:502')
    """
    shown = text.decode("utf-8", "replace").strip()
    if ERROR_TEXT.match(shown):
        return shown
    found = MARKED_TEXT.match(shown) if marked else None
    return found and (f"Err:{found[1]}" if found[1] else "#N/A")


def _whole_cells(archive: zipfile.ZipFile) -> Iterator[bytes]:
    """The content in blocks that end before a cell, or another part of a sheet, begins.

    It has to be XML: the parser would look for an end tag that is missing for ever.
    """
    rest, xml = b"", expat.ParserCreate()
    with archive.open("content.xml") as content, _translated():
        while block := content.read(BLOCK):
            xml.Parse(block)
            held = rest + block
            end = max(held.rfind(BEGIN), 0)
            rest = held[end:]
            if len(rest) > MAX_CELL:
                raise UnreadableFile("Una celda del libro supera los 32 MB; el archivo parece dañado.")
            yield held[:end]
        xml.Parse(b"", True)
    yield rest


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except expat.ExpatError as error:
        raise UnreadableFile(DAMAGED) from error


def _times(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    found = b"repeated" in attributes and pattern.search(attributes)  # mostly it is not, which is faster to see
    return int(found[1]) if found else 1
