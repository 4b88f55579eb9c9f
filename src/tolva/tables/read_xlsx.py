"""XLSX: the first sheet, header in its first row that holds something. Parsed whole, for now."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import fastexcel
import polars as pl

from tolva.errors import TooLarge, UnreadableFile
from tolva.tables.sniff import verify
from tolva.tables.source import MAX_COLUMNS, Frame, Position, cell_names, clean_headers, without_blank
from tolva.tables.xlsx_scan import SheetScan, scan_first_sheet

MAX_CELLS = 40_000_000
"""Cells of the grid, filled or not: the parser needs some 30 bytes for each."""

EMPTY = "La primera hoja del libro está vacía: no tiene encabezados ni datos."


@dataclass(frozen=True)
class XlsxSource:
    """An opened workbook; `grid` holds all rows after the header that hold something."""

    headers: tuple[str, ...]
    grid: pl.DataFrame
    start: Position

    def frames(self, at: Position | None, rows: int) -> Iterator[Frame]:
        """The data rows after `at` (None: all), at most `rows` in each frame."""
        rest = self.grid.filter(pl.col("row") > (at or self.start).row)
        for piece in rest.iter_slices(rows):
            yield Frame(piece, Position(int(piece["row"][-1])))


def open_xlsx(path: Path) -> XlsxSource:
    """Parses the first sheet. Raises UnreadableFile when damaged or empty, TooLarge when the grid is."""
    verify(path, "xlsx")
    with _translated(), zipfile.ZipFile(path) as archive:
        scan = scan_first_sheet(archive)
        if _too_large(scan):  # perhaps only because whole columns are formatted
            scan = scan_first_sheet(archive, exact=True)
        _refuse_large(scan)
    with _translated():
        cells = _load(path, scan)
    if not cells.width:
        raise UnreadableFile(EMPTY)
    numbered = cells.with_columns(row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64), flaw=pl.lit(None, pl.String))
    grid = without_blank(numbered.select("row", "flaw", *cells.columns))
    if not grid.height:
        raise UnreadableFile(EMPTY)
    headers = clean_headers(grid.select(cells.columns).row(0))
    return XlsxSource(headers, grid.slice(1), Position(int(grid["row"][0])))


def _too_large(scan: SheetScan) -> bool:
    return scan.columns > MAX_COLUMNS or scan.rows * scan.columns > MAX_CELLS


def _refuse_large(scan: SheetScan) -> None:
    if _too_large(scan):
        raise TooLarge(
            f"La hoja abarca {scan.rows} filas por {scan.columns} columnas; se aceptan {MAX_COLUMNS} columnas y"
            f" {MAX_CELLS // 1_000_000} millones de celdas. Divídala, borre las celdas sueltas o use CSV."
        )


def _load(path: Path, scan: SheetScan) -> pl.DataFrame:
    """The sheet as text. Without a header row and skipping none, its rows keep their numbers."""
    sheet = fastexcel.read_excel(path).load_sheet(0, header_row=None, skip_rows=0, dtypes="string")
    if not sheet.width:
        return pl.DataFrame()
    places = {column.absolute_index: number for number, column in enumerate(sheet.available_columns())}
    frame = sheet.to_polars()
    frame.columns = cell_names(frame.width)
    return _with_errors(frame, [(row, places[column], text) for row, column, text in scan.errors if column in places])


def _with_errors(frame: pl.DataFrame, errors: list[tuple[int, int, str]]) -> pl.DataFrame:
    """Writes the error cells' texts where the parser left nothing."""
    for number in {column for _, column, _ in errors}:
        found = [(row - 1, text) for row, column, text in errors if column == number and row <= frame.height]
        name, texts = f"c{number}", frame[f"c{number}"].to_list()
        for index, text in found:
            texts[index] = texts[index] or text
        frame = frame.with_columns(pl.Series(name, texts, dtype=pl.String))
    return frame


@contextmanager
def _translated() -> Generator[None]:
    """What the libraries raise for a damaged workbook; a panic in the parser is not even an Exception."""
    damaged = "El libro de Excel está dañado y no se puede leer; ábralo, guárdelo de nuevo y vuelva a subirlo."
    try:
        yield
    except (fastexcel.FastExcelError, zipfile.BadZipFile, zlib.error, KeyError, EOFError, NotImplementedError) as error:
        raise UnreadableFile(damaged) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableFile(damaged) from error
