"""What the columns of a file seem to hold, from its first rows."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from tolva.tables.column_refs import ref_of
from tolva.tables.locale import Clues, Signs
from tolva.tables.notation import Notation
from tolva.tables.reading.cell_kinds import kind_of
from tolva.tables.reading.source import Source, cell_names

ROWS = 1_000
SAMPLES = 3
LONGEST = 40
"""Characters of a sample."""
ENOUGH = 0.95
"""Share of a column's cells that must look like its type."""
LEADING_ZERO = r"^0[0-9]"


@dataclass(frozen=True)
class Column:
    """A column as it looks. `type` is a type of Table Schema; `filled` a share from 0 to 1 of the rows looked at."""

    name: str
    """What an answer calls it; see `column_refs`."""
    header: str
    type: str
    filled: float
    samples: tuple[str, ...]
    note: str | None = None
    """What its numbers or dates leave open, or show."""


def propose_columns(source: Source) -> list[Column]:
    """One for each column, from at most a thousand rows."""
    headers, frame = source.headers, next(iter(source.frames(None, ROWS)), None)
    names = [ref_of(column, headers) for column in range(len(headers))]
    if frame is None:
        return [Column(name, header, "string", 0.0, ()) for name, header in zip(names, headers, strict=True)]
    cells = [frame.rows[cell] for cell in cell_names(len(headers))]
    return list(map(_column, names, headers, cells))


def _column(name: str, header: str, cells: pl.Series) -> Column:
    texts = cells.str.strip_chars()
    filled = texts.filter(texts != "")
    kind = _type(filled.to_list())
    if kind in ("integer", "number") and filled.str.contains(LEADING_ZERO).any():
        kind = "string"  # a code: its zeros count
    return Column(
        name,
        header,
        kind,
        round(filled.len() / max(cells.len(), 1), 3),
        tuple(text[:LONGEST] for text in filled.unique(maintain_order=True).head(SAMPLES)),
        _note(kind, filled),
    )


def _type(texts: Sequence[str]) -> str:
    kinds = Counter(map(kind_of, texts))
    if not kinds:
        return "string"
    kind, count = kinds.most_common(1)[0]
    if count < ENOUGH * len(texts):
        return "string"
    if kind == "number":
        return "integer" if all(text.lstrip("+-").isdecimal() for text in texts) else "number"
    return {"date": "date", "time": "time", "flag": "boolean"}.get(kind, "string")


def _note(kind: str, texts: pl.Series) -> str | None:
    if kind not in ("integer", "number", "date"):
        return None
    clues = Clues().of_dates(texts) if kind == "date" else Clues().of_numbers(texts)
    return note_of(Notation(clues, clues.signs(Signs())))


def note_of(notation: Notation) -> str | None:
    """What to say of how a column writes; nothing where it says nothing.

    >>> note_of(Notation(Clues(either_point=True), Signs())), note_of(Notation(Clues(comma=True), Signs(",")))
    ('may mean two things; name a locale', 'decimal comma')
    """
    if notation.undecided:
        return "may mean two things; name a locale"
    clues, signs = notation.clues, notation.signs
    if clues.comma or clues.point or clues.either:
        return {",": "decimal comma", ".": "decimal point"}.get(signs.decimal or "")
    if clues.day_first or clues.month_first or clues.either_first:
        return {"dmy": "day first", "mdy": "month first"}.get(signs.order or "")
    return None
