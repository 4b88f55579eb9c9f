"""The fast way through a block of CSV: well-formed records, parsed by the column engine in one go."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import re

import polars as pl

from tolva.tables.source import cell_names

QUOTED = r'"(?:[^"]|"")*"'


def parse_columns(block: bytes, delimiter: str, width: int, *, final: bool) -> pl.DataFrame | None:
    """As `parse_block`, or None where the block is not well-formed and needs the careful way.

    `block` is whole lines. Quotes are well-formed when each pair encloses a whole cell.
    """
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return None
    records = _records(text, len(block), final=final)
    if records is None or not records.height:
        return None
    filled = _cells(records["record"], delimiter)
    if filled is None:
        return None
    extra = filled > width
    if extra.any() and '"' in text:  # a quoted blank counts as filled here: let the careful way decide
        return None
    cells = _parse(block[: records["end"][-1]], delimiter, width)
    if cells.height != records.height:
        return None
    flaw = pl.DataFrame({"extra": extra}).select(flaw=pl.when("extra").then(pl.lit("extra_cells")))
    return cells.with_columns(flaw["flaw"], records["end"])


def _records(text: str, size: int, *, final: bool) -> pl.DataFrame | None:
    """The text of each complete record, and the offset after it: lines, joined while a quote is open."""
    lines = pl.DataFrame({"record": text.removesuffix("\n").split("\n")}).with_columns(
        end=(pl.col("record").str.len_bytes().cast(pl.Int64) + 1).cum_sum().clip(upper_bound=size)
    )
    if '"' not in text:
        return lines
    marked = lines.with_columns(open=pl.col("record").str.count_matches('"', literal=True).cum_sum() % 2 == 1)
    if not marked["open"].any():
        return lines
    if marked["open"][-1] and final:
        return None
    begins = pl.col("open").shift(1, fill_value=False).not_()
    joined = marked.group_by(begins.cum_sum().alias("id"), maintain_order=True).agg(
        pl.col("record").str.join("\n"), pl.col("end").last(), pl.col("open").last()
    )
    return joined.filter(pl.col("open").not_()).select("record", "end")


def _cells(records: pl.Series, delimiter: str) -> pl.Series | None:
    """Number of cells of each record, blank ones at its end left out; None when a quote is not a cell's limit."""
    sign = re.escape(delimiter)
    bare = records
    if records.str.contains('"', literal=True).any():
        bare = records.str.replace_all(QUOTED, '"')
        if bare.str.contains(rf'[^{sign}]"|"[^{sign}\r]').any():
            return None
    if bare.str.contains(r"\r[^\n]").any():  # alone, it can only have been meant as the end of a line
        return None
    return bare.str.strip_chars_end(f"{delimiter} \t\r").str.count_matches(delimiter, literal=True) + 1


def _parse(block: bytes, delimiter: str, width: int) -> pl.DataFrame:
    try:
        return pl.read_csv(
            block,
            has_header=False,
            separator=delimiter,
            quote_char='"' if b'"' in block else None,
            schema=dict.fromkeys(cell_names(width), pl.String),
            missing_columns="insert",
            extra_columns="ignore",
            truncate_ragged_lines=True,
        )
    except pl.exceptions.PolarsError:
        return pl.DataFrame()
