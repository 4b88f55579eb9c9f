"""XLSX, XLS and ODS: one sheet, parsed whole, then set down in pieces."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import zipfile
from collections.abc import Generator, Iterable, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl

from tolva.errors import InvalidInput, TooLarge, UnreadableFile
from tolva.tables.near import perhaps
from tolva.tables.reading.apart import DAMAGED
from tolva.tables.reading.damage import damage_means
from tolva.tables.reading.findings import NO_ROWS, Findings
from tolva.tables.reading.layout import find_layout
from tolva.tables.reading.ods_scan import OdsScan, scan_content
from tolva.tables.reading.options import AS_FOUND, ReadOptions
from tolva.tables.reading.pieces import Piece, PieceWriter
from tolva.tables.reading.sniff import FileKind
from tolva.tables.reading.source import MAX_COLUMNS, Share, cell_names, clean_headers, with_more, without_blank
from tolva.tables.reading.xls_scan import error_cells
from tolva.tables.reading.xlsx_scan import Merge, SheetScan, scan_sheet, with_numbers

MAX_CELLS = 40_000_000
"""Cells of the grid, filled or not: the parser needs some 30 bytes for each."""
HEAD_ROWS = 300

EMPTY = "El libro está vacío: ninguna hoja tiene encabezados ni datos."


@dataclass(frozen=True)
class _Book:
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
    notes: tuple[str, ...]
    merges: tuple[Merge, ...] = ()
    columns: tuple[int, ...] | None = None
    """Of an XLSX: where in the sheet each column stands, from 0."""


@dataclass(frozen=True)
class SheetArea:
    """Where the table stands: in which sheet, how many rows above its data, and each of its columns (XLSX only)."""

    sheet: str
    skipped: int
    columns: Sequence[int] | None

    def to_json(self) -> dict[str, Any]:
        """The place as a JSON object, whose entries make it again."""
        return asdict(self)


@dataclass(frozen=True)
class Opened:
    """A sheet that was parsed and set down."""

    headers: tuple[str, ...]
    pieces: tuple[Piece, ...]
    findings: Findings
    place: SheetArea


def open_workbook(
    path: Path, kind: FileKind, scratch: Path, known: Set[str] = frozenset(), options: ReadOptions = AS_FOUND
) -> Opened:
    """Parses one sheet: the chosen one, else the first that is shown and holds something.

    Raises UnreadableFile when damaged or empty, TooLarge when the grid is, InvalidInput for a sheet that there is not.
    """
    ods = _scan_ods(path) if kind == "ods" else None
    with _translated():
        book = _Book(path, kind, fastexcel.read_excel(path), ods)
    if ods and len(ods.errors) != len(book.parsed.sheet_names):  # whose errors they are would be a guess
        raise UnreadableFile(DAMAGED)
    grid = _find_grid(book, options.sheet)
    rows = _rows(grid.cells)
    head = [[cell or "" for cell in row] for row in grid.cells.head(HEAD_ROWS).rows()]
    layout = find_layout(head, known, None if options.header_row is None else options.header_row - 1)
    if layout is None:
        raise UnreadableFile(EMPTY)
    headers = clean_headers(layout.header)
    named = len(headers) if layout.rows else _extent(grid.cells)
    rows = _merged_down(rows.filter(pl.col("row") > layout.first), grid.merges)
    writer = PieceWriter(scratch)
    writer.write(without_blank(with_more(rows, named, grid.cells.width)))
    found = Findings(
        kind,
        tuple(row + 1 for row in layout.rows),
        headers,
        sheet=grid.name,
        sheets=tuple(book.parsed.sheet_names),
        notes=grid.notes if writer.pieces else (*grid.notes, NO_ROWS),
    )
    names = headers if layout.rows else ("",) * named
    return Opened(names, writer.pieces, found, SheetArea(grid.name, layout.first, grid.columns))


def number_shares(path: Path, place: SheetArea, columns: Sequence[int]) -> list[Share]:
    """Looks at the kinds of all cells below the header, which takes as long as reading them."""
    with _translated():
        book = fastexcel.read_excel(path)
        cells = book.load_sheet(place.sheet, header_row=None, skip_rows=place.skipped, schema_sample_rows=None)
        kinds = [column.dtype for column in cells.available_columns()]
    mixed = [column for column in columns if kinds[column] not in ("int", "float")]
    some = _some_numbers(path, book.sheet_names.index(place.sheet), place, mixed) if mixed else set[int]()
    return ["all" if column not in mixed else "some" if column in some else "none" for column in columns]


def _some_numbers(path: Path, sheet: int, place: SheetArea, columns: Sequence[int]) -> Set[int]:
    """Those of some columns that hold a number."""
    if place.columns is None:
        return set(columns)  # who mixes is not told apart from who writes all as text
    with _translated(), zipfile.ZipFile(path) as archive:
        found = with_numbers(archive, sheet, [place.columns[column] for column in columns], after=place.skipped)
    return {column for column in columns if place.columns[column] in found}


def _find_grid(book: _Book, wanted: str | None) -> Grid:
    names = book.parsed.sheet_names
    for number in [_number(names, wanted)] if wanted else range(len(names)):
        grid = _grid(book, number, chosen=wanted is not None)
        if grid is not None:
            others = [name for name in names if name != grid.name]
            told = f'Se lee la hoja "{grid.name}"; el libro tiene además: {", ".join(others)}.' if others else ""
            return replace(grid, notes=(*((told,) if told and not wanted else ()), *grid.notes))
    raise UnreadableFile(EMPTY)


def _number(names: list[str], wanted: str) -> int:
    if wanted in names:
        return names.index(wanted)
    if wanted.isdecimal() and 0 < int(wanted) <= len(names):
        return int(wanted) - 1
    raise InvalidInput(f'El libro no tiene la hoja "{wanted}".{perhaps(wanted, names)} Tiene: {", ".join(names)}.')


def _grid(book: _Book, number: int, *, chosen: bool) -> Grid | None:
    """The sheet, or None when it is empty, is a chart, or is hidden and nobody asked for it."""
    with ThreadPoolExecutor(1) as beside:
        scanned = beside.submit(_scan, book.path, number) if book.kind == "xlsx" else None
        with _translated():
            # Without a header row and skipping none, the rows keep their numbers.
            sheet = book.parsed.load_sheet(number, header_row=None, skip_rows=0, dtypes="string")
        scan = scanned and scanned.result()
    with _translated():
        if not sheet.width or (sheet.visible != "visible" and not chosen):
            return None
        _refuse_large(sheet.height, sheet.width)
        places = {column.absolute_index: number for number, column in enumerate(sheet.available_columns())}
        cells = sheet.to_polars()
    cells.columns = cell_names(cells.width)
    if scan is None:
        return Grid(sheet.name, _with_errors(cells, _errors(book, number), places), ())
    merges = tuple(
        Merge(m.first_row, m.last_row, places[m.first_column], places.get(m.last_column, places[m.first_column]))
        for m in scan.merges
        if m.first_column in places
    )
    hidden = [row for row in scan.hidden if row <= cells.height]
    notes = (_hidden_note(hidden),) if hidden else ()
    return Grid(sheet.name, _with_errors(cells, scan.errors, places), notes, merges, tuple(places))


def _scan_ods(path: Path) -> OdsScan:
    with _translated(), zipfile.ZipFile(path) as archive:
        scan = scan_content(archive)
    _refuse_large(scan.most_cells, 1)
    return scan


def _scan(path: Path, number: int) -> SheetScan:
    """A look at the sheet's XML. Raises TooLarge with its size, unless parsing it has taken all memory before."""
    with _translated(), zipfile.ZipFile(path) as archive:
        scan = scan_sheet(archive, number)
        if _too_large(scan.rows, scan.columns):  # perhaps only because whole columns are formatted
            scan = scan_sheet(archive, number, exact=True)
    _refuse_large(scan.rows, scan.columns)
    return scan


def refuse_large_sheets(path: Path) -> None:
    """Raises TooLarge with the size of the first sheet of an XLSX that is."""
    with _translated():
        sheets = len(fastexcel.read_excel(path).sheet_names)
    for number in range(sheets):
        _scan(path, number)


def _too_large(rows: int, columns: int) -> bool:
    return columns > MAX_COLUMNS or rows * columns > MAX_CELLS


def _refuse_large(rows: int, columns: int) -> None:
    if _too_large(rows, columns):
        raise TooLarge(
            f"La hoja abarca {rows} filas por {columns} columnas; se aceptan {MAX_COLUMNS} columnas y"
            f" {MAX_CELLS // 1_000_000} millones de celdas. Divídala, borre las celdas sueltas o use CSV."
        )


def _rows(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.with_columns(
        row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
        flaw=pl.lit(None, pl.String),
        more=pl.lit(None, pl.List(pl.String)),
    )


def _extent(cells: pl.DataFrame) -> int:
    return max((number + 1 for number, column in enumerate(cells) if column.null_count() < cells.height), default=1)


def _errors(book: _Book, sheet: int) -> Iterable[tuple[int, int, str]]:
    return book.ods.error_cells(sheet) if book.ods else error_cells(book.path, sheet)


def _with_errors(
    frame: pl.DataFrame, errors: Iterable[tuple[int, int, str]], places: Mapping[int, int]
) -> pl.DataFrame:
    """Writes the error cells' texts over what the parser made of them. `places` are the frame's columns by the sheet's.

    The parser ends a sheet above rows that hold nothing but errors; they are rows as well.
    """
    found: dict[str, dict[int, str]] = {}
    last = 0
    for row, column, text in errors:
        if column in places:
            found.setdefault(f"c{places[column]}", {})[row - 1] = text
            last = max(last, row)
    frame = frame.select(pl.all().extend_constant(None, max(last - frame.height, 0)))
    return frame.with_columns(
        frame[name].scatter(list(texts), pl.Series(list(texts.values()))) for name, texts in found.items()
    )


def _merged_down(rows: pl.DataFrame, merges: tuple[Merge, ...]) -> pl.DataFrame:
    """With the value of cells that are merged downwards in each of their rows: that is what the sheet shows."""
    if not rows.height:
        return rows
    first = int(rows["row"][0])
    for number in {merge.first_column for merge in merges}:
        name = f"c{number}"
        texts: list[str | None] = rows[name].to_list()
        for merge in merges:
            begin, end = merge.first_row - first, min(merge.last_row - first + 1, len(texts))
            if merge.first_column == number and begin >= 0:
                texts[begin:end] = texts[begin : begin + 1] * max(end - begin, 0)
        rows = rows.with_columns(pl.Series(name, texts, dtype=pl.String))
    return rows


def _hidden_note(hidden: list[int]) -> str:
    shown = ", ".join(map(str, hidden[:10])) + (" …" if len(hidden) > 10 else "")
    return f"Las filas ocultas de la hoja también se leen: {shown}."


@contextmanager
def _translated() -> Generator[None]:
    """What the libraries raise for a damaged workbook; a panic in the parser is not even an Exception."""
    try:
        with damage_means(DAMAGED):
            yield
    except fastexcel.FastExcelError as error:
        if "password" in str(error):
            raise UnreadableFile(
                "El archivo está protegido con contraseña; quite la contraseña y vuelva a subirlo."
            ) from error
        raise UnreadableFile(DAMAGED) from error
    except KeyError as error:  # a part is missing
        raise UnreadableFile(DAMAGED) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableFile(DAMAGED) from error
