"""The cells of refused rows, numbers and dates in forms that mean the same beside any others.

The rows that showed how the file writes them may not be among the refused ones.
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import polars as pl

from tolva.tables.locale import Signs
from tolva.tables.parse import text_of
from tolva.tables.plain import plain
from tolva.tables.proposal import ColumnMapping
from tolva.tables.reading.source import Source, cell_names
from tolva.tables.schema import Field, Schema
from tolva.tables.survey import survey

ROWS = 5_000
"""Rows of the file that are looked at together."""

Clear = Callable[[pl.DataFrame], pl.Series]
"""From the rows of a frame, the cells of one column."""


@dataclass(frozen=True)
class Row:
    """A refused row: its cells as they came, in forms that mean one thing, and those that belong to no column."""

    number: int
    cells: tuple[str | None, ...]
    forms: tuple[str | None, ...]
    beyond: list[str]


def refused_rows(source: Source, refused: Iterable[int], schema: Schema, mapping: ColumnMapping) -> Iterator[Row]:
    """The rows of these numbers, in their order."""
    wanted = pl.Series(sorted(refused), dtype=pl.Int64)
    if not wanted.len():
        return
    clear = _clear_forms(source, schema, mapping)
    for frame in source.frames(None, ROWS):
        yield from _rows(frame.rows.filter(pl.col("row").is_in(wanted.implode())), len(source.headers), clear)


def _clear_forms(source: Source, schema: Schema, mapping: ColumnMapping) -> dict[str, Clear]:
    """By column of the frames, how to write its cells; texts and flags stand as they came."""
    signs = survey(source, mapping, schema).signs
    fields = [(f"c{match.column}", schema.field(match.field)) for match in mapping.matches]
    return {
        column: partial(_clear, column=column, field=field, schema=schema, signs=signs.get(field.name, Signs()))
        for column, field in fields
        if field.kind not in ("string", "boolean")
    }


def _clear(rows: pl.DataFrame, column: str, field: Field, schema: Schema, signs: Signs) -> pl.Series:
    text = rows.select(text_of(column, field, schema).alias(column))[column]
    form = plain(text, field, signs, rows["row"])
    return form.zip_with(form.is_not_null(), rows[column])


def _rows(chosen: pl.DataFrame, width: int, clear: dict[str, Clear]) -> Iterator[Row]:
    names = cell_names(width)
    forms = chosen.with_columns(form(chosen).alias(name) for name, form in clear.items())
    told = chosen.select("row", "flaw", "more").rows()
    for (number, flaw, more), cells, shown in zip(
        told, chosen.select(names).rows(), forms.select(names).rows(), strict=True
    ):
        if flaw:  # nobody knows which cell belongs where: beside the columns it is refused until somebody says so
            yield Row(number, (), (), [cell or "" for cell in (*cells, *(more or ()))])
        else:
            yield Row(number, cells, shown, [])
