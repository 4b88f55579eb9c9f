"""How the columns of a file write numbers and dates: what their cells show, then the locale, then nobody knows."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from tolva.tables.locale import Clues, Signs, signs_of
from tolva.tables.map import ColumnMapping
from tolva.tables.parse import text_of
from tolva.tables.reading.source import Frame, Share, Source
from tolva.tables.reading.watch import Watch, unwatched
from tolva.tables.schema import Schema

ROWS = 100_000

LOOKS = {
    "integer": Clues.of_numbers,
    "decimal": Clues.of_numbers,
    "date": Clues.of_dates,
    "datetime": Clues.of_dates,
}
"""The kinds whose cells give clues."""


@dataclass(frozen=True)
class Written:
    """How one column writes: what its cells have shown, and what they are read by."""

    clues: Clues
    signs: Signs

    @property
    def undecided(self) -> bool:
        """Whether some of its cells mean two things, with nothing to tell which."""
        return self.clues.undecided(self.signs)


def how_written(source: Source, mapping: ColumnMapping, schema: Schema, watch: Watch = unwatched) -> dict[str, Written]:
    """By field, how the columns of numbers and dates write, told from all rows of the file."""
    clues = no_clues(mapping, schema)
    for frame in source.frames(None, ROWS) if clues else ():
        watch()
        clues = more_clues(clues, frame, mapping, schema)
    return decided(clues, source, mapping, schema)


def no_clues(mapping: ColumnMapping, schema: Schema) -> dict[str, Clues]:
    """What is known at first, for each field whose column can give clues."""
    return {match.field: Clues() for match in mapping.matches if schema.field(match.field).kind in LOOKS}


def more_clues(clues: Mapping[str, Clues], frame: Frame, mapping: ColumnMapping, schema: Schema) -> dict[str, Clues]:
    """The clues after some more rows."""
    return {
        name: LOOKS[schema.field(name).kind](found, texts_of(frame, mapping, schema, name))
        for name, found in clues.items()
    }


def texts_of(frame: Frame, mapping: ColumnMapping, schema: Schema, name: str) -> pl.Series:
    """The texts of a field, as they are checked."""
    text = text_of(f"c{mapping.of(name).column}", schema.field(name), schema)
    return frame.rows.select(text.alias(name))[name]


def decided(clues: Mapping[str, Clues], source: Source, mapping: ColumnMapping, schema: Schema) -> dict[str, Written]:
    """What the clues of all rows and the locale say together."""
    asked = [name for name, found in clues.items() if found.either]
    told = source.numbers([mapping.of(name).column for name in asked]) if asked else ()
    shares = dict(zip(asked, told, strict=True))
    return {
        name: Written(
            found,
            _signs(found.signs(signs_of(schema.field(name).locale or schema.locale)), shares.get(name, "none")),
        )
        for name, found in clues.items()
    }


def _signs(signs: Signs, numbers: Share) -> Signs:
    match numbers:
        case "all":
            return Signs(".")  # they come with a point
        case "some":
            return Signs()  # which of the cells are numbers, and which texts, nobody can tell any more
        case "none":
            return signs
