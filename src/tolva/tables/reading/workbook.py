"""XLSX, XLS and ODS: one sheet, parsed whole, then set down in pieces."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tolva.errors import UnreadableFile
from tolva.tables.reading.findings import NO_ROWS, Findings
from tolva.tables.reading.layout import find_layout
from tolva.tables.reading.merged import merged_down
from tolva.tables.reading.options import AS_FOUND, ReadOptions
from tolva.tables.reading.pieces import Piece, PieceWriter
from tolva.tables.reading.sheet_area import SheetArea
from tolva.tables.reading.sheet_grid import EMPTY, find_grid, open_book
from tolva.tables.reading.sniff import FileKind
from tolva.tables.reading.source import clean_headers, with_more, without_blank

HEAD_ROWS = 300


@dataclass(frozen=True)
class Opened:
    """A sheet that was parsed and set down."""

    headers: tuple[str, ...]
    pieces: tuple[Piece, ...]
    findings: Findings
    area: SheetArea


def open_workbook(
    path: Path, kind: FileKind, scratch: Path, known: Set[str] = frozenset(), options: ReadOptions = AS_FOUND
) -> Opened:
    """Parses one sheet: the chosen one, else the first shown one that has a known header or holds something.

    Raises UnreadableFile when damaged or empty, TooLarge when the grid is, InvalidInput for a sheet that there is not.
    """
    book = open_book(path, kind)
    grid = find_grid(book, options.sheet, known)
    rows = _rows(grid.cells)
    head = [[cell or "" for cell in row] for row in grid.cells.head(HEAD_ROWS).rows()]
    layout = find_layout(head, known, None if options.header_row is None else options.header_row - 1)
    if layout is None:
        raise UnreadableFile(EMPTY)
    headers = clean_headers(layout.header)
    named = len(headers) if layout.rows else _extent(grid.cells)
    rows = merged_down(rows.filter(pl.col("row") > layout.first), grid.merges)
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
    return Opened(names, writer.pieces, found, SheetArea(grid.name, layout.first, grid.places, grid.merges))


def _rows(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.with_columns(
        row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64),
        flaw=pl.lit(None, pl.String),
        more=pl.lit(None, pl.List(pl.String)),
    )


def _extent(cells: pl.DataFrame) -> int:
    return max((number + 1 for number, column in enumerate(cells) if column.null_count() < cells.height), default=1)
