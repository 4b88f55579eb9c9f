"""How the columns of a file write numbers and dates, as its texts show: a number by its kind shows nothing."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import polars as pl

from tolva.tables.locale import Clues, Signs, signs_of
from tolva.tables.map import ColumnMapping
from tolva.tables.parse import text_of
from tolva.tables.plain import WITH_POINT, among
from tolva.tables.reading.source import Frame, Source
from tolva.tables.reading.watch import Watch
from tolva.tables.schema import Schema

ROWS = 100_000
LOOKS = {
    "integer": Clues.of_numbers,
    "decimal": Clues.of_numbers,
    "date": Clues.of_dates,
    "datetime": Clues.of_dates,
}
"""The kinds whose cells give clues."""

Rows = Mapping[str, pl.Series]
"""By field, the rows (UInt32, ascending) whose cells are numbers by their kind."""


def no_clues(mapping: ColumnMapping, schema: Schema) -> dict[str, Clues]:
    """What is known of the mapped fields of these kinds before any cell was seen."""
    return {match.field: Clues() for match in mapping.matches if schema.field(match.field).kind in LOOKS}


def looked_at(
    clues: Mapping[str, Clues],
    frame: Frame,
    mapping: ColumnMapping,
    schema: Schema,
    leaving: Rows = MappingProxyType({}),
) -> dict[str, Clues]:
    """The clues after the cells of one more frame, `leaving` out those of some rows."""
    after: dict[str, Clues] = {}
    for name, found in clues.items():
        texts = texts_of(frame, mapping, schema, name)
        texts = texts.filter(~among(frame.rows["row"], leaving[name])) if name in leaving else texts
        after[name] = LOOKS[schema.field(name).kind](found, texts)
    return after


def texts_of(frame: Frame, mapping: ColumnMapping, schema: Schema, name: str) -> pl.Series:
    """The trimmed and transformed cells of a field."""
    text = text_of(f"c{mapping.of(name).column}", schema.field(name), schema)
    return frame.rows.select(text.alias(name))[name]


def decided(
    clues: Mapping[str, Clues], source: Source, mapping: ColumnMapping, schema: Schema, watch: Watch
) -> tuple[dict[str, Signs], tuple[str, ...]]:
    """By field, the signs that its column uses; and the fields of which some cells mean two things all the same.

    `clues` are those of all cells. Only where some mean two things it matters which of them are numbers by their kind;
    if some are and some not, the texts are looked at once more.
    """
    asked = [name for name, found in clues.items() if found.either]
    told = source.numbers([mapping.of(name).column for name in asked]) if asked else ()
    shares = dict(zip(asked, told, strict=True))
    mixed = {name: rows for name, rows in shares.items() if not isinstance(rows, str) and rows.len()}
    texts: dict[str, Clues] = {name: Clues() for name in mixed}
    for frame in source.frames(None, ROWS) if mixed else ():
        watch()
        texts = looked_at(texts, frame, mapping, schema, mixed)
    signs = {
        name: replace(found.signs(signs_of(schema.field(name).locale or schema.locale)), numbers=mixed.get(name))
        for name, found in {**clues, **texts}.items()
    }
    signs |= {name: WITH_POINT for name, rows in shares.items() if isinstance(rows, str)}
    return signs, tuple(name for name, found in {**clues, **texts}.items() if found.undecided(signs[name]))
