"""The loaded rows of a file that have the same key, for people to see which row overwrote which."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Sequence

import polars as pl

from tolva.core.job import Json
from tolva.tables.survey import Survey


def rows_alike(good: pl.DataFrame, found: Survey, key: tuple[str, ...]) -> list[Json]:
    """Of the good rows of a frame those whose key comes more than once: `row`, and `key`, a text or one per part.

    >>> good = pl.DataFrame({"row": [5, 6], "codigo": ["A", "B"]})
    >>> rows_alike(good, Survey(9, pl.Series([5], dtype=pl.UInt32), {}, alike=frozenset({2, 5})), ("codigo",))
    [{'row': 5, 'key': 'A'}]
    """
    alike = good.filter(pl.col("row").is_in(list(found.alike))).select("row", pl.col(key).cast(pl.String))
    return [{"row": row, "key": parts[0] if len(parts) == 1 else parts} for row, *parts in alike.iter_rows()]


def overwriting(alike: Sequence[Json]) -> list[Json]:
    """Of rows in file order those that overwrite one above, the nearest of the same key.

    >>> overwriting([{"row": 2, "key": "A"}, {"row": 3, "key": "B"}, {"row": 5, "key": "A"}])
    [{'row': 5, 'key': 'A', 'overwrites': 2}]
    """
    last, found = dict[str, int](), list[Json]()
    for each in alike:
        key = str(each["key"])
        if key in last:
            found.append({**each, "overwrites": last[key]})
        last[key] = each["row"]
    return found
