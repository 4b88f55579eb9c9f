"""Cells that a sheet shows as one."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Sequence

import polars as pl

from tolva.tables.reading.xlsx_scan import Merge


def merged_down(rows: pl.DataFrame, merges: Sequence[Merge]) -> pl.DataFrame:
    """With the value of cells that are merged downwards in each of their rows: that is what the sheet shows."""
    if not rows.height:
        return rows
    first = int(rows["row"][0])
    for number in {merge.first_column for merge in merges if f"c{merge.first_column}" in rows.columns}:
        name = f"c{number}"
        cells = rows[name].to_list()
        for merge in merges:
            begin, end = merge.first_row - first, min(merge.last_row - first + 1, len(cells))
            if merge.first_column == number and begin >= 0:
                cells[begin:end] = cells[begin : begin + 1] * max(end - begin, 0)
        rows = rows.with_columns(pl.Series(name, cells, dtype=rows[name].dtype))
    return rows
