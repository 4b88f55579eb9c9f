"""How the columns of a file write numbers and dates: as their texts show, else by the locale, else nobody knows.

A number by its kind shows nothing of the texts beside it.
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import polars as pl

from tolva.tables.locale import Clues, Signs, signs_of
from tolva.tables.parse import text_of
from tolva.tables.plain import WITH_POINT, among
from tolva.tables.proposal import ColumnMapping
from tolva.tables.reading.source import Frame, Source
from tolva.tables.reading.watch import Watch, unwatched
from tolva.tables.schema import Schema
from tolva.tables.thousands import separated

ROWS = 100_000
LOOKS = {
    "integer": Clues.of_numbers,
    "decimal": Clues.of_numbers,
    "date": Clues.of_dates,
    "datetime": Clues.of_dates,
}
"""The kinds whose cells give clues."""
ANY_SIGNS = Signs(".", "dmy")
"""What some locale declares."""

Rows = Mapping[str, pl.Series]
"""By field, the rows (UInt32, ascending) whose cells are numbers by their kind."""


@dataclass(frozen=True)
class Notation:
    """How one column writes: what its texts have shown, and what they are read by."""

    clues: Clues
    signs: Signs
    separated: bool = False
    """Whether what means two things separates thousands, as it is a column of integers (see `thousands`)."""
    by_kind: bool = False
    """Whether all its cells are numbers by their kind."""

    @property
    def undecided(self) -> bool:
        """Whether some of its cells mean two things, with nothing to tell which."""
        return self.clues.undecided(self.signs)

    @property
    def askable(self) -> bool:
        """Whether a locale would tell what these mean: the column does not contradict itself."""
        return self.undecided and not self.clues.undecided(self.clues.signs(ANY_SIGNS))

    @property
    def declared(self) -> bool:
        """Whether some of its cells mean two things, and a locale tells which."""
        return self.clues.undecided(self.clues.signs(Signs())) and not self.undecided and not self.separated


def detect_notation(
    source: Source, mapping: ColumnMapping, schema: Schema, watch: Watch = unwatched
) -> dict[str, Notation]:
    """By field, how the columns of numbers and dates write, told from all rows of the file."""
    clues = no_clues(mapping, schema)
    for frame in source.frames(None, ROWS) if clues else ():
        watch()
        clues = sampled(clues, frame, mapping, schema)
    return decided(clues, source, mapping, schema, watch)


def no_clues(mapping: ColumnMapping, schema: Schema) -> dict[str, Clues]:
    """What is known of the mapped fields of these kinds before any cell was seen."""
    return {match.field: Clues() for match in mapping.matches if schema.field(match.field).kind in LOOKS}


def sampled(
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
) -> dict[str, Notation]:
    """By field, how its column writes, given the clues of all its cells.

    Only where some of them mean two things it matters which are numbers by their kind; if some are and some not, the
    texts are looked at once more.
    """
    asked = _to_ask(clues, schema)
    told = source.numbers([mapping.of(name).column for name in asked]) if asked else ()
    shares = dict(zip(asked, told, strict=True))
    mixed = {name: rows for name, rows in shares.items() if not isinstance(rows, str) and rows.len()}
    texts: dict[str, Clues] = {name: Clues() for name in mixed}
    for frame in source.frames(None, ROWS) if mixed else ():
        watch()
        texts = sampled(texts, frame, mapping, schema, mixed)
    numbers = {name for name, rows in shares.items() if isinstance(rows, str)}
    shown = {name: found for name, found in {**clues, **texts}.items() if name not in numbers}
    signs = {name: found.signs(_declared(schema, name)) for name, found in shown.items()}
    whole = separated(shown, signs, schema)
    notations = {
        name: Notation(
            found,
            replace(signs[name], decimal=whole.get(name, signs[name].decimal), numbers=mixed.get(name)),
            name in whole,
        )
        for name, found in shown.items()
    }
    return notations | {name: Notation(Clues(point=True), WITH_POINT, by_kind=True) for name in numbers}


def _to_ask(clues: Mapping[str, Clues], schema: Schema) -> list[str]:
    """The fields of which it matters whether their cells are numbers by their kind.

    Where an integer means two things, they are all that write numbers with a sign, as it may follow them.
    """
    either = [name for name, found in clues.items() if found.either]
    if not any(schema.field(name).kind == "integer" for name in either):
        return either
    return [name for name, found in clues.items() if found.either or found.comma or found.point]


def _declared(schema: Schema, name: str) -> Signs:
    return signs_of(schema.field(name).locale or schema.locale)
