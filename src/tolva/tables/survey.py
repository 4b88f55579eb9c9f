"""A first pass over a file: how many rows, and which of them repeat a key. Looks at the key columns only."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from tolva.tables.map import Mapping
from tolva.tables.parse import text_of, value_of
from tolva.tables.reading.source import Source
from tolva.tables.schema import Schema

ROWS = 100_000
SEED = 7


@dataclass(frozen=True)
class Survey:
    """`total` data rows; `repeated`: the row numbers (UInt32, ascending) whose key already appeared above them."""

    total: int
    repeated: pl.Series

    def repeated_in(self, rows: pl.Series) -> int:
        """How many of these row numbers repeat a key."""
        return int(rows.cast(pl.UInt32).is_in(self.repeated.implode()).sum())


def survey(source: Source, mapping: Mapping, schema: Schema) -> Survey:
    """Counts rows and finds repeated keys, as `check` reads them. A row whose key is blank or wrong repeats nothing.

    Keeps 12 bytes per row: its number and a 64-bit hash of its key. Two keys of ten million share a hash with a
    probability of some three in a million; the worst of it is one wrong count of `duplicados`.
    """
    hashes = list(_hashes(source, mapping, schema))
    if not hashes:
        return Survey(0, pl.Series("row", [], dtype=pl.UInt32))
    keys = pl.concat(hashes, rechunk=True)
    again = keys["key"].is_not_null() & keys["key"].is_first_distinct().not_()
    return Survey(keys.height, keys["row"].filter(again))


def _hashes(source: Source, mapping: Mapping, schema: Schema) -> Iterator[pl.DataFrame]:
    parts = [_part(name, mapping, schema) for name in schema.file_key]
    whole = pl.all_horizontal(part.is_not_null() for part in parts) & pl.col("flaw").is_null()
    for frame in source.frames(None, ROWS):
        key = pl.when(whole).then(pl.struct(parts).hash(SEED)).alias("key")
        yield frame.rows.select(pl.col("row").cast(pl.UInt32), key)


def _part(name: str, mapping: Mapping, schema: Schema) -> pl.Expr:
    text = text_of(f"c{mapping.of(name).column}", schema)
    return value_of(text, schema.field(name)).cast(pl.String).alias(name)
