"""What every reader yields: frames of text with the row numbers that the user sees."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import polars as pl

from tolva.tables.reading.findings import Findings

MAX_COLUMNS = 2_000
Numbers = Literal["all"] | pl.Series
"""Which cells of a column are numbers by their kind in the file: all, or those of some rows (UInt32, ascending)."""
NO_NUMBERS = pl.Series("row", [], dtype=pl.UInt32)


@dataclass(frozen=True)
class Position:
    """Where reading goes on. Fits in a checkpoint: `to_json` and `from_json` are exact inverses.

    >>> Position.from_json(Position(7, 120).to_json())
    Position(row=7, offset=120)
    """

    row: int
    """Number of the last row that was read; the header row of a plain file is 1."""
    offset: int = 0
    """Byte at which the next record begins; 0 where the format has no such thing."""

    def to_json(self) -> dict[str, int]:
        """The position as a JSON object."""
        return {"row": self.row, "offset": self.offset}

    @classmethod
    def from_json(cls, value: Mapping[str, int]) -> "Position":
        """The position that `to_json` wrote."""
        return cls(row=int(value["row"]), offset=int(value["offset"]))


@dataclass(frozen=True)
class Frame:
    """Consecutive rows that hold something, and the position after them.

    `rows` has the columns `row` (Int64, as the user counts), `flaw` (String: null, or the code of what is
    wrong with the row as a whole), `more` (List of String: null, or the cells beyond those of other rows) and the
    String columns `c0`, `c1` …: at least one per header; an absent cell is null.
    """

    rows: pl.DataFrame
    next: Position


class Source(Protocol):
    """An opened file."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The names of the columns, trimmed; a blank one is "". None at all where the file has no header."""
        ...

    @property
    def findings(self) -> Findings:
        """How the file was read."""
        ...

    def numbers(self, columns: Sequence[int]) -> Sequence[Numbers]:
        """Which cells of each column are numbers by their kind in the file, so written with a point.

        May take as long as opening: ask once for all of them.
        """
        ...

    def frames(self, at: Position | None, rows: int) -> Iterator[Frame]:
        """The data rows after `at` (None: all), at most `rows` in each frame; a frame may be empty."""
        ...


def cell_names(width: int) -> list[str]:
    """Names of a frame's columns.

    >>> cell_names(2)
    ['c0', 'c1']
    """
    return [f"c{number}" for number in range(width)]


def without_blank(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with a flaw or with a cell that is more than white space."""
    cells = [name for name in rows.columns if name.startswith("c")]
    suspects = rows.filter(_blank(cells[0]) & pl.col("flaw").is_null())  # few: so the other columns are seldom read
    blank = suspects.filter(pl.all_horizontal(map(_blank, cells)))
    return rows.filter(pl.col("row").is_in(blank["row"].implode()).not_()) if blank.height else rows


def _blank(name: str) -> pl.Expr:
    return pl.col(name).is_null() | (pl.col(name).str.strip_chars() == "")


def with_more(rows: pl.DataFrame, named: int, width: int) -> pl.DataFrame:
    """The columns of a frame, from rows whose `width` cells may be more than the named ones."""
    beyond = cell_names(width)[named:]
    cells = ["row", "flaw", "more", *cell_names(named)]
    if not any(rows[name].null_count() < rows.height for name in beyond):
        return rows.select(cells)
    filled = pl.any_horizontal(pl.col(name).str.strip_chars() != "" for name in beyond)
    more = pl.concat_list(*beyond, pl.col("more").fill_null(pl.lit([], pl.List(pl.String))))
    return rows.with_columns(
        more=pl.when(filled | pl.col("more").is_not_null()).then(more),
        flaw=pl.coalesce("flaw", pl.when(filled).then(pl.lit("extra_cells"))),
    ).select(cells)


def clean_headers(cells: tuple[str | None, ...]) -> tuple[str, ...]:
    """Trimmed headers, without the characters that no database or page could show.

    >>> clean_headers((" Código\\x00", None))
    ('Código', '')
    """
    return tuple((cell or "").replace("\0", "").strip() for cell in cells)
