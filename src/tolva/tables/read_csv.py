"""CSV: comma, semicolon or tab; UTF-8 with or without a byte order mark; read in blocks, never whole."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tolva.errors import TooLarge, UnreadableFile
from tolva.tables.csv_block import MAX_RECORD, parse_block
from tolva.tables.source import MAX_COLUMNS, Frame, Position, cell_names, clean_headers, without_blank

BLOCK = 4 * 1024 * 1024
HEADER_BLOCK = 256 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
DELIMITERS = (",", ";", "\t")
BLANK = " \r\n" + "".join(DELIMITERS)


@dataclass(frozen=True)
class CsvSource:
    """An opened CSV file. One record is one row, whatever number of lines it spans."""

    path: Path
    delimiter: str
    headers: tuple[str, ...]
    start: Position
    """The position after the header."""

    def frames(self, at: Position | None, rows: int) -> Iterator[Frame]:
        """The data rows after `at` (None: all), at most `rows` in each frame.

        Raises UnreadableFile for a record longer than 16 MB.
        """
        for records, position in self._blocks(at or self.start):
            for first in range(0, records.height, rows):
                piece = records.slice(first, rows)
                yield self._frame(piece, first, position)

    def _frame(self, piece: pl.DataFrame, first: int, base: Position) -> Frame:
        row = base.row + first
        numbered = piece.with_columns(pl.int_range(row + 1, row + 1 + pl.len(), dtype=pl.Int64).alias("row"))
        rows = without_blank(numbered.select("row", "flaw", *cell_names(len(self.headers))))
        return Frame(rows, Position(row + piece.height, base.offset + piece["end"][-1]))

    def _blocks(self, at: Position) -> Iterator[tuple[pl.DataFrame, Position]]:
        """Complete records block by block, each with the position before it."""
        with self.path.open("rb") as file:
            file.seek(at.offset)
            block, final = b"", False
            while not final:
                wanted = max(BLOCK, len(block))  # an unfinished record doubles the block until it ends
                more = file.read(wanted)
                block, final = block + more, len(more) < wanted
                records = parse_block(block, self.delimiter, len(self.headers), final=final)
                if records.height:
                    yield records, at
                    used = int(records["end"][-1])
                    at, block = Position(at.row + records.height, at.offset + used), block[used:]
                if len(block) > MAX_RECORD:
                    raise UnreadableFile(
                        f"La fila {at.row + 1} supera los 16 MB; revise si unas comillas quedaron sin cerrar."
                    )


def open_csv(path: Path) -> CsvSource:
    """Finds delimiter and headers: the first row that holds something.

    Raises UnreadableFile when there is none or it is not UTF-8, TooLarge when it has too many columns.
    """
    with path.open("rb") as file:
        head = file.read(HEADER_BLOCK)
        final = not file.read(1)
    mark = len(BYTE_ORDER_MARK) if head.startswith(BYTE_ORDER_MARK) else 0
    delimiter, width = _layout(head[mark:].decode("utf-8", "replace"))
    if width > MAX_COLUMNS:
        raise TooLarge(f"El archivo tiene {width} columnas; se aceptan {MAX_COLUMNS} como máximo.")
    records = parse_block(head[mark:], delimiter, width, final=final).with_row_index("row", offset=1)
    filled = without_blank(records).head(1)
    if not filled.height:
        raise UnreadableFile("El archivo está vacío: no tiene encabezados ni datos.")
    headers = clean_headers(filled.select(cell_names(width)).row(0))
    if any("\ufffd" in header for header in headers):
        raise UnreadableFile('El archivo no está en UTF-8; en Excel, guárdelo como "CSV UTF-8" y vuelva a subirlo.')
    return CsvSource(path, delimiter, headers, Position(int(filled["row"][0]), mark + int(filled["end"][0])))


def _layout(text: str) -> tuple[str, int]:
    """The delimiter that splits the first row into most cells, and how many."""
    widths = {delimiter: _first_width(text, delimiter) for delimiter in DELIMITERS}
    best = max(widths, key=lambda delimiter: widths[delimiter])
    return best, max(widths[best], 1)


def _first_width(text: str, delimiter: str) -> int:
    """Cells of the first record that holds something, blank ones at its end left out.

    >>> _first_width("\\n a;b;;\\n1;2", ";")
    2
    """
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            filled = [number for number, cell in enumerate(record, start=1) if cell.strip(BLANK)]
            if filled:
                return filled[-1]
    except csv.Error:
        return 0
    return 0
