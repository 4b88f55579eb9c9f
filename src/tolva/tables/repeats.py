"""Rows of a file that repeat a value which the schema calls unique: the first keeps it, the others are explained."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import polars as pl

from tolva.tables.explain import ERROR_COLUMNS, MAX_VALUE, quoted, shown
from tolva.tables.proposal import ColumnMapping
from tolva.tables.schema import Schema

Groups = tuple[tuple[str, ...], ...]
"""Fields that are unique together; the first group is the key."""

REPEATS = {"row": pl.Int64, "first": pl.Int64, "fields": pl.String}
"""A row that repeats, the row that it repeats, and the fields in which it does, with commas."""
NO_REPEATS = pl.DataFrame(schema=REPEATS)


def unique_groups(mapping: ColumnMapping, schema: Schema) -> Groups:
    """What the schema calls unique, as far as it comes from the file, and where the file has all of it."""
    parts = (schema.from_file(group) for group in schema.unique)
    return tuple(part for part in parts if all(name in mapping for name in part))


def repeats_of(hashes: pl.DataFrame, groups: Groups) -> pl.DataFrame:
    """The repetitions in a file, given for each row its number and the hashes of its groups (`h0`, …).

    A later row of the same key repeats nothing: it is the same row of the table.

    >>> hashes = pl.DataFrame({"row": [2, 3, 4, 5], "h0": [7, 8, 7, 9], "h1": [1, 1, 1, None]})
    >>> repeats_of(hashes, (("codigo",), ("ean",))).rows()
    [(3, 2, 'ean')]
    """
    found = (_repeats(hashes, f"h{number}", ", ".join(group)) for number, group in enumerate(groups[1:], start=1))
    return pl.concat([NO_REPEATS, *found])


def _repeats(hashes: pl.DataFrame, value: str, fields: str) -> pl.DataFrame:
    claims = hashes.filter(pl.col(value).is_not_null() & pl.col("h0").is_not_null())
    again = claims.filter(pl.col(value).is_duplicated()).with_columns(
        first=pl.col("row").first().over(value), owner=pl.col("h0").first().over(value)
    )
    rows = again.filter(pl.col("owner") != pl.col("h0"))
    return rows.select(pl.col("row", "first").cast(pl.Int64), pl.lit(fields).alias("fields"))


def repeat_errors(rows: pl.DataFrame, repeats: pl.DataFrame, mapping: ColumnMapping) -> pl.DataFrame:
    """One error for each repetition among these rows of the file."""
    if repeats.is_empty():
        return pl.DataFrame(schema=ERROR_COLUMNS)
    here = rows.join(repeats, on="row").partition_by("fields", as_dict=True)
    return pl.concat(
        [pl.DataFrame(schema=ERROR_COLUMNS), *(_errors(part, str(fields), mapping) for (fields,), part in here.items())]
    )


def _errors(rows: pl.DataFrame, fields: str, mapping: ColumnMapping) -> pl.DataFrame:
    matches = [mapping.of(name) for name in fields.split(", ")]
    cells = pl.concat_str([shown(pl.col(f"c{match.column}")) for match in matches], separator=", ")
    return rows.select(
        "row",
        pl.lit(", ".join(match.header for match in matches)).alias("column"),
        cells.str.slice(0, MAX_VALUE).alias("value"),
        pl.lit("unique").alias("code"),
        pl.format('{}: "{}" repite la fila {}', pl.lit(fields), quoted(cells), "first").alias("message"),
    )
