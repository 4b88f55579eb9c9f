"""Rows in file order to states: what each row leaves behind in its key, as if rows were applied one after another."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import polars as pl


def states(good: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """The frame with every blank filled from the nearest row above that has the same key.

    Adds `_key` (row number of the key's first row), `_nth` (1 for that row) and `_last`, if any key repeats: else each
    row is the first and the last of its key. Field names cannot begin with an underscore, so nothing is shadowed.

    >>> frame = pl.DataFrame({"row": [2, 3], "codigo": ["A", "A"], "stock": [5, None]})
    >>> states(frame, ("codigo",)).rows()
    [(2, 'A', 5, 2, 1, False), (3, 'A', 5, 2, 2, True)]
    """
    if good.select(key).is_unique().all():  # by far the most frequent case, and windows are dear
        return good
    values = [name for name in good.columns if name not in ("row", *key)]
    return good.with_columns(
        *(pl.col(name).forward_fill().over(key) for name in values),
        _key=pl.first("row").over(key),
        _nth=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over(key),
    ).with_columns(_last=pl.col("_nth") == pl.len().over(key))
