"""Times of day, which XLSX and XLS keep as dates of the day 0."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import polars as pl

DAY, DAY_1904 = "1899-12-31 ", "1904-01-01 "
"""How the parser writes it. Sheets know no date before; those that count from 1904 have this one as a date as well."""
MIDNIGHT = "00:00:00"


def without_day_zero(cells: pl.DataFrame, *, from_1904: bool) -> pl.DataFrame:
    """The times of day without their date. Of a book that counts from 1904, midnight of the day 0 stays a date.

    >>> without_day_zero(pl.DataFrame({"c0": ["1899-12-31 08:30:00", "2026-04-03 00:00:00"]}), from_1904=False).rows()
    [('08:30:00',), ('2026-04-03 00:00:00',)]
    """
    day = DAY_1904 if from_1904 else DAY
    times = {column.name: column.str.starts_with(day) for column in cells}
    return cells.with_columns(
        pl.when(_is_time(pl.col(name), found, from_1904=from_1904))
        .then(pl.col(name).str.slice(len(day)))
        .otherwise(pl.col(name))
        .alias(name)
        for name, found in times.items()
        if found.any()  # so that other columns are not made anew
    )


def _is_time(cell: pl.Expr, found: pl.Series, *, from_1904: bool) -> pl.Expr:
    return pl.lit(found) & (cell.str.tail(len(MIDNIGHT)) != MIDNIGHT) if from_1904 else pl.lit(found)
