"""One sheet of a workbook as it stands: every cell as text, its errors too."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Iterable, Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import fastexcel
import polars as pl

from tolva.errors import InvalidInput, TooLarge, UnreadableFile
from tolva.tables.reading.apart import DAMAGED
from tolva.tables.reading.cell_kinds import BODY
from tolva.tables.reading.day_zero import without_day_zero
from tolva.tables.reading.layout import has_known_header
from tolva.tables.reading.long_numbers import with_shortest
from tolva.tables.reading.ods_scan import OdsScan
from tolva.tables.reading.own_sheets import are_own
from tolva.tables.reading.sheet_size import refuse_large, scan_ods, scan_xlsx
from tolva.tables.reading.sniff import FileKind
from tolva.tables.reading.source import cell_names
from tolva.tables.reading.workbook_damage import translated
from tolva.tables.reading.xls_scan import counts_from_1904, error_cells
from tolva.tables.reading.xlsx_scan import Merge, SheetScan
from tolva.tables.suggest import did_you_mean

EMPTY = "El libro está vacío: ninguna hoja tiene encabezados ni datos."
MOST_SHEETS = 20
"""That are looked at below a cover."""


@dataclass(frozen=True)
class Book:
    """A workbook that was parsed; of an ODS, with what was seen before."""

    path: Path
    kind: FileKind
    parsed: fastexcel.ExcelReader
    ods: OdsScan | None


@dataclass(frozen=True)
class Grid:
    """A sheet as it stands: a String column `c0` … for each of its columns, a row for each of its rows."""

    name: str
    cells: pl.DataFrame
    places: tuple[int, ...]
    """The sheet's column, from 0, of each of these."""
    notes: tuple[str, ...]
    merges: tuple[Merge, ...] = ()


def open_book(path: Path, kind: FileKind) -> Book:
    """Raises UnreadableFile when damaged, TooLarge for an ODS with a sheet that is."""
    ods = scan_ods(path) if kind == "ods" else None
    with translated():
        book = Book(path, kind, fastexcel.read_excel(path), ods)
    if ods and len(ods.texts) != len(book.parsed.sheet_names):  # whose texts they are would be a guess
        raise UnreadableFile(DAMAGED)
    return book


def find_grid(book: Book, wanted: str | None, known: Set[str]) -> Grid:
    """The chosen sheet, else the first shown one with a header of `known` names, else the first that holds something.

    Raises InvalidInput or UnreadableFile where there is none such.
    """
    names = book.parsed.sheet_names
    grid = _grid(book, _number(names, wanted), chosen=True) if wanted else _first(book, known)
    if grid is None:
        raise UnreadableFile(EMPTY)
    others = [name for name in names if name != grid.name]
    if wanted or not others or are_own(others):
        return grid
    told = f'Se lee la hoja "{grid.name}"; el libro tiene además: {", ".join(others)}.'
    return replace(grid, notes=(told, *grid.notes))


def _first(book: Book, known: Set[str]) -> Grid | None:
    """The first shown sheet that holds something; a later one where that one, as a cover, has no known header."""
    shown = (grid for number in range(len(book.parsed.sheet_names)) if (grid := _grid(book, number, chosen=False)))
    first = next(shown, None)
    if first is None or not known or _is_known(first, known):
        return first
    return next((grid for grid in _readable(book, first.name) if _is_known(grid, known)), first)


def _readable(book: Book, above: str) -> Iterator[Grid]:
    """The shown sheets below one, as far as they can be read; what is wrong with others does not matter."""
    names = book.parsed.sheet_names
    below = names.index(above) + 1
    for number in range(below, min(below + MOST_SHEETS, len(names))):
        with suppress(UnreadableFile, TooLarge):
            if grid := _grid(book, number, chosen=False):
                yield grid


def _is_known(grid: Grid, known: Set[str]) -> bool:
    return has_known_header([[cell or "" for cell in row] for row in grid.cells.head(BODY).rows()], known)


def _number(names: list[str], wanted: str) -> int:
    if wanted in names:
        return names.index(wanted)
    if wanted.isdecimal() and 0 < int(wanted) <= len(names):
        return int(wanted) - 1
    raise InvalidInput(f'El libro no tiene la hoja "{wanted}".{did_you_mean(wanted, names)} Tiene: {", ".join(names)}.')


def _grid(book: Book, number: int, *, chosen: bool) -> Grid | None:
    """The sheet, or None when it is empty, is a chart, or is hidden and nobody asked for it."""
    sheet, scan = _loaded(book, number)
    with translated():
        if not sheet.width or (sheet.visible != "visible" and not chosen):
            return None
        refuse_large(sheet.height, sheet.width)
        places = {column.absolute_index: number for number, column in enumerate(sheet.available_columns())}
        cells = sheet.to_polars()
        cells.columns = cell_names(cells.width)
        cells = with_shortest(cells, book.parsed, number, tuple(places))
    if book.kind != "ods":
        cells = without_day_zero(cells, from_1904=scan.from_1904 if scan else counts_from_1904(book.path))
    if scan is None:
        return Grid(sheet.name, _with_texts(cells, _lost(book, number), places), tuple(places), ())
    hidden = [row for row in scan.hidden if row <= cells.height]
    notes = (_hidden_note(hidden),) if hidden else ()
    return Grid(sheet.name, _with_texts(cells, scan.texts, places), tuple(places), notes, _placed(scan.merges, places))


def _loaded(book: Book, number: int) -> tuple[fastexcel.ExcelSheet, SheetScan | None]:
    """The sheet as it is parsed, and what a look at the XML of an XLSX finds meanwhile."""
    with ThreadPoolExecutor(1) as beside:
        scanned = beside.submit(scan_xlsx, book.path, number) if book.kind == "xlsx" else None
        with translated():
            # Without a header row and skipping none, the rows keep their numbers.
            sheet = book.parsed.load_sheet(number, header_row=None, skip_rows=0, dtypes="string")
        return sheet, scanned and scanned.result()


def _placed(merges: Iterable[Merge], places: Mapping[int, int]) -> tuple[Merge, ...]:
    """Merged cells by the columns of the frame."""
    return tuple(
        Merge(m.first_row, m.last_row, places[m.first_column], places.get(m.last_column, places[m.first_column]))
        for m in merges
        if m.first_column in places
    )


def _lost(book: Book, sheet: int) -> Iterable[tuple[int, int, str]]:
    return book.ods.text_cells(sheet) if book.ods else error_cells(book.path, sheet)


def _with_texts(frame: pl.DataFrame, lost: Iterable[tuple[int, int, str]], places: Mapping[int, int]) -> pl.DataFrame:
    """Writes these cells' texts over what the parser made of them. `places` are the frame's columns by the sheet's.

    The parser ends a sheet above rows that hold nothing but such cells; they are rows as well.
    """
    found: dict[str, dict[int, str]] = {}
    last = 0
    for row, column, text in lost:
        if column in places:
            found.setdefault(f"c{places[column]}", {})[row - 1] = text
            last = max(last, row)
    frame = frame.select(pl.all().extend_constant(None, max(last - frame.height, 0)))
    return frame.with_columns(
        frame[name].scatter(list(texts), pl.Series(list(texts.values()))) for name, texts in found.items()
    )


def _hidden_note(hidden: list[int]) -> str:
    shown = ", ".join(map(str, hidden[:10])) + (" …" if len(hidden) > 10 else "")
    return f"Las filas ocultas de la hoja también se leen: {shown}."
