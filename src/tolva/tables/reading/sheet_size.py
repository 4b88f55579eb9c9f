"""The size of sheets: one that would fill the memory is refused, of an ODS before it is parsed, of an XLSX beside."""

import zipfile
from pathlib import Path

import fastexcel

from tolva.errors import TooLarge
from tolva.tables.reading.ods_scan import OdsScan, scan_content
from tolva.tables.reading.source import MAX_COLUMNS
from tolva.tables.reading.workbook_damage import translated
from tolva.tables.reading.xlsx_scan import SheetScan, scan_sheet

MAX_CELLS = 40_000_000
"""Cells of the grid, filled or not: the parser needs some 30 bytes for each."""


def scan_ods(path: Path) -> OdsScan:
    """A look at all of the sheets. Raises TooLarge with the size of the largest."""
    with translated(), zipfile.ZipFile(path) as archive:
        scan = scan_content(archive)
    refuse_large(scan.most_cells, 1)
    return scan


def scan_xlsx(path: Path, number: int) -> SheetScan:
    """A look at the sheet's XML. Raises TooLarge with its size, unless parsing it has taken all memory before."""
    with translated(), zipfile.ZipFile(path) as archive:
        scan = scan_sheet(archive, number)
        if _too_large(scan.rows, scan.columns):  # perhaps only because whole columns are formatted
            scan = scan_sheet(archive, number, exact=True)
    refuse_large(scan.rows, scan.columns)
    return scan


def refuse_large_sheets(path: Path) -> None:
    """Raises TooLarge with the size of the first sheet of an XLSX that is."""
    with translated():
        sheets = len(fastexcel.read_excel(path).sheet_names)
    for number in range(sheets):
        scan_xlsx(path, number)


def _too_large(rows: int, columns: int) -> bool:
    return columns > MAX_COLUMNS or rows * columns > MAX_CELLS


def refuse_large(rows: int, columns: int) -> None:
    """Raises TooLarge with the size of a sheet that is."""
    if _too_large(rows, columns):
        raise TooLarge(
            f"La hoja abarca {rows} filas por {columns} columnas; se aceptan {MAX_COLUMNS} columnas y"
            f" {MAX_CELLS // 1_000_000} millones de celdas. Divídala, borre las celdas sueltas o use CSV."
        )
