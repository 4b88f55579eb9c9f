"""What was wrong with rows, kept for whoever has to mend them."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import polars as pl

from tolva.core.job import Json


def error_columns(errors: pl.DataFrame) -> Json:
    """The errors (ERROR_COLUMNS) of one chunk as the columns that `add_errors` takes."""
    places = errors.select(pl.int_range(pl.len()).over("row").alias("n"))["n"].to_list()
    return {name: errors[name].to_list() for name in ("row", "column", "value", "code", "message")} | {"n": places}
