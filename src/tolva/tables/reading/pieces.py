"""Rows that had to be parsed in one go, set down on disk so that they are read piece by piece and hold no memory."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tolva.tables.reading.findings import Findings
from tolva.tables.reading.source import Frame, Numbers, Position, cell_names

ROWS = 50_000
"""Rows of one piece."""


@dataclass(frozen=True)
class Piece:
    """One file of rows, and the number of the last of them."""

    path: Path
    last: int


@dataclass(frozen=True)
class PiecesSource:
    """An opened file whose rows lie in pieces. A column that a piece lacks is null in it."""

    headers: tuple[str, ...]
    pieces: tuple[Piece, ...]
    findings: Findings
    find_numbers: Callable[[Sequence[int]], Sequence[Numbers]]

    def numbers(self, columns: Sequence[int]) -> Sequence[Numbers]:
        """Which cells of each column are numbers by their kind in the file, so written with a point."""
        return self.find_numbers(columns)

    def frames(self, at: Position | None, rows: int) -> Iterator[Frame]:
        """The data rows after `at` (None: all), at most `rows` in each frame."""
        after = at.row if at else 0
        for piece in self.pieces:
            if piece.last <= after:
                continue
            for part in self._read(piece).filter(pl.col("row") > after).iter_slices(rows):
                yield Frame(part, Position(int(part["row"][-1])))

    def _read(self, piece: Piece) -> pl.DataFrame:
        found = pl.read_ipc(piece.path)
        absent = [name for name in cell_names(len(self.headers)) if name not in found.columns]
        filled = found.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
        return filled.select("row", "flaw", "more", *cell_names(len(self.headers)))


class PieceWriter:
    """Writes rows (`row`, `flaw`, `more`, `c0` …) into a folder."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._pieces: list[Piece] = []

    def write(self, rows: pl.DataFrame) -> None:
        """Set down some rows, which follow those before."""
        for part in rows.iter_slices(ROWS):
            path = self._scratch / f"{len(self._pieces):06}.arrow"
            part.write_ipc(path, compression="lz4")
            self._pieces.append(Piece(path, int(part["row"][-1])))

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What was written."""
        return tuple(self._pieces)
