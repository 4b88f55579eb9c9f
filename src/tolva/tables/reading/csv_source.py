"""The records of a CSV file: read in blocks, never whole, and kept between two passes where they are few."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from tolva.errors import UnreadableFile
from tolva.tables.reading.csv_block import BlockParser
from tolva.tables.reading.dialect import Dialect
from tolva.tables.reading.findings import Findings
from tolva.tables.reading.source import NO_NUMBERS, Frame, Numbers, Position, cell_names, with_more, without_blank

BLOCK = 4 * 1024 * 1024
KEPT = 64 * 1024 * 1024
"""Bytes of memory for records that stay there between two passes; a file of more is parsed in each of them."""
CELL = 16
"""Bytes that each cell takes there besides its text: short ones need several times as much as in the file."""
MAX_RECORD = 16 * 1024 * 1024
"""Bytes of one record."""

Block = tuple[pl.DataFrame, Position]
"""Complete records, and the position before them."""


@dataclass(frozen=True)
class CsvSource:
    """An opened CSV file in UTF-8. One record is one row, whatever number of lines it spans."""

    path: Path
    dialect: Dialect
    width: int
    """Cells of a record, with blank ones that only end it."""
    headers: tuple[str, ...]
    start: Position
    """The position after the header."""
    end: int | None
    """The byte at which the table ends, if that is the end of a record; None: with the file."""
    returns: bool
    """Whether lines end with a carriage return alone."""
    findings: Findings
    parsed: list[Block] = field(default_factory=list[Block], compare=False)
    """All the records, once a pass has read them to the end, if they take no more than KEPT."""

    def numbers(self, columns: Sequence[int]) -> list[Numbers]:
        """In a text file all is text."""
        return [NO_NUMBERS] * len(columns)

    def frames(self, at: Position | None, rows: int) -> Iterator[Frame]:
        """The data rows after `at` (None: all), at most `rows` in each frame.

        Raises UnreadableFile for a record longer than 16 MB.
        """
        for block, position in self._blocks(at or self.start):
            records, ended = self._up_to_end(block, position.offset)
            for first in range(0, records.height, rows):
                piece = records.slice(first, rows)
                yield self._frame(piece, first, position)
            if ended:
                return

    def _up_to_end(self, records: pl.DataFrame, offset: int) -> tuple[pl.DataFrame, bool]:
        """The records of the table, and whether it ends with them."""
        if self.end is None or self.end > offset + int(records["end"][-1]) or self.end < offset:
            return records, False
        inside = records.filter(pl.col("end") <= self.end - offset)
        reached = offset + (int(inside["end"][-1]) if inside.height else 0)
        return (inside, True) if reached == self.end else (records, False)

    def _frame(self, piece: pl.DataFrame, first: int, base: Position) -> Frame:
        row = base.row + first
        numbered = piece.with_columns(pl.int_range(row + 1, row + 1 + pl.len(), dtype=pl.Int64).alias("row"))
        rows = without_blank(with_more(numbered.drop("line", "end"), len(self.headers), self.width))
        rows = _without_header(rows, self.headers) if self.findings.header_rows else rows
        return Frame(rows, Position(row + piece.height, base.offset + piece["end"][-1]))

    def _blocks(self, at: Position) -> Iterator[Block]:
        if at != self.start:
            return self._parse(at)
        return iter(self.parsed) if self.parsed else self._parse_and_keep()

    def _parse_and_keep(self) -> Iterator[Block]:
        parsed: list[Block] = []
        size = 0
        for records, position in self._parse(self.start):
            size += records.height * records.width * CELL + records.estimated_size()  # which counts the text alone
            if size <= KEPT:
                parsed.append((records, position))
            else:
                parsed.clear()
            yield records, position
        self.parsed[:] = parsed

    def _parse(self, at: Position) -> Iterator[Block]:
        parser = BlockParser(self.dialect, self.width)
        with self.path.open("rb") as file:
            file.seek(at.offset)
            block, final = b"", False
            while not final:
                wanted = max(BLOCK, len(block))  # an unfinished record doubles the block until it ends
                more = file.read(wanted)
                if self.returns:
                    more = more.replace(b"\r", b"\n")
                block, final = block + more, len(more) < wanted
                records = parser.parse(block, final=final)
                if records.height:
                    yield records, at
                    used = int(records["end"][-1])
                    at, block = Position(at.row + records.height, at.offset + used), block[used:]
                if len(block) > MAX_RECORD:
                    raise UnreadableFile(
                        f"La fila {at.row + 1} supera los 16 MB; revise si unas comillas quedaron sin cerrar."
                    )


def _without_header(rows: pl.DataFrame, headers: tuple[str, ...]) -> pl.DataFrame:
    """Without the rows that are the header again, as in files that were joined."""
    suspects = rows.filter(pl.col("c0").str.strip_chars() == headers[0]) if headers[0] else rows
    if not suspects.height:
        return rows
    cells = zip(cell_names(len(headers)), headers, strict=True)
    same = pl.all_horizontal(pl.col(name).fill_null("").str.strip_chars() == header for name, header in cells)
    again = suspects.filter(same)["row"]
    return rows.filter(pl.col("row").is_in(again.implode()).not_()) if again.len() else rows
