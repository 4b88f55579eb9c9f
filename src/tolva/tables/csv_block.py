"""Turns a block of a CSV file's bytes into records, with the byte at which each ends."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import csv
import io
import re
from itertools import islice, zip_longest

import polars as pl

from tolva.errors import UnreadableFile
from tolva.tables.csv_columns import parse_columns
from tolva.tables.source import cell_names

MAX_RECORD = 16 * 1024 * 1024
"""Bytes of one record. A quote that is never closed must not pull the whole file into memory."""

SENTINEL = "\0\0end of block"
LONE_RETURN = re.compile(rb"\r(?!\n)")

# The library's own limit (128 KiB for a field) is one number for the whole process; ours is enforced by the reader.
csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_RECORD))


def parse_block(block: bytes, delimiter: str, width: int, *, final: bool) -> pl.DataFrame:
    """The complete records at the start of `block`, blank ones included.

    Columns: `c0` … (String, `width` of them), `flaw` (String) and `end` (Int64: offset in the block just after the
    record). Bytes that are not UTF-8 become U+FFFD. With `final` the end of the block ends its last record.
    """
    used = len(block) if final else block.rfind(b"\n") + 1
    block = block[:used]
    if not block:
        return pl.DataFrame(schema=_schema(width))
    parsed = parse_columns(block, delimiter, width, final=final)
    return _parse_carefully(block, delimiter, width, final=final) if parsed is None else parsed


def _schema(width: int) -> dict[str, pl.DataType]:
    cells: dict[str, pl.DataType] = {name: pl.String() for name in cell_names(width)}
    return {**cells, "flaw": pl.String(), "end": pl.Int64()}


def _ends(block: bytes) -> list[int]:
    """Offsets after each line; the last line may lack its newline."""
    lines = block.removesuffix(b"\n").split(b"\n")
    ends = pl.Series(list(map(len, lines)), dtype=pl.Int64).cum_sum() + pl.int_range(1, len(lines) + 1, eager=True)
    return ends.clip(upper_bound=len(block)).to_list()


def _parse_carefully(block: bytes, delimiter: str, width: int, *, final: bool) -> pl.DataFrame:
    """What is not well-formed, by the standard library: a stray quote or byte must spoil its own row only."""
    text = block.decode("utf-8", "replace")
    try:
        records, lines = _read(text, delimiter)
    except csv.Error as error:
        # A carriage return alone, outside of quotes, can only have been meant as the end of a line.
        mended = LONE_RETURN.sub(b"\n", block)
        if mended == block:
            raise UnreadableFile("El archivo CSV está dañado; guárdelo de nuevo como CSV UTF-8.") from error
        return parse_block(mended, delimiter, width, final=final)
    whole = records[-1] == [SENTINEL]
    if whole or not final:  # what swallowed the sentinel is unfinished: it is read again with the next block
        records, lines = records[:-1], lines[:-1]
    flaws = ["extra_cells" if any(map(str.strip, record[width:])) else None for record in records]
    if final and not whole:
        flaws[-1] = "open_quote"
    ends = _ends(block)
    return _columns(records, width).with_columns(
        pl.Series("flaw", flaws, dtype=pl.String),
        pl.Series("end", [ends[min(line, len(ends)) - 1] for line in lines], dtype=pl.Int64),
    )


def _read(text: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    """All records, and for each the number of lines up to its end. The sentinel shows whether a quote is open."""
    ending = "" if text.endswith("\n") else "\n"
    reader = csv.reader(io.StringIO(f"{text}{ending}{SENTINEL}", newline="\n"), delimiter=delimiter)
    marked = [(record, reader.line_num) for record in reader]
    return [record for record, _ in marked], [line for _, line in marked]


def _columns(records: list[list[str]], width: int) -> pl.DataFrame:
    columns = list(islice(zip_longest(*records), width))
    columns += [(None,) * len(records)] * (width - len(columns))
    return pl.DataFrame(
        [pl.Series(name, cells, dtype=pl.String) for name, cells in zip(cell_names(width), columns, strict=True)]
    )
