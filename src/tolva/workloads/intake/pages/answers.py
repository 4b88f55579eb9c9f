"""What the form of a preview says of reading and mapping, as options; and as fields of the form again.

A field that is left empty says nothing: it is as Tolva finds it. `-` stands for "none of it".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tolva.core.job import Json
from tolva.errors import InvalidInput
from tolva.tables.column_choices import Choices
from tolva.tables.reading.options import ReadOptions
from tolva.workloads.intake.accept import upload_options

READ, COLUMN, ASKED = "read.", "column.", "field."
"""What the names of its fields begin with: how to read; a column's field; the column for a field that was asked."""
NONE = "-"
MOST_DIGITS = 7
"""Of the row of the headers; the form asks for no more."""
TEXTS = ("encoding", "delimiter", "sheet", "quote", "locale")
EMPTIED = ("quote", "locale")
"""Those of them that can be none."""


@dataclass(frozen=True)
class Answers:
    """What was said, by the form or with the upload."""

    read: ReadOptions
    mapping: Choices

    def to_options(self) -> Json:
        """The options of an upload. Raises InvalidInput for an encoding or a locale that there is not."""
        return upload_options(self.read, self.mapping)


def answers_with(options: Json) -> Answers:
    """What was said with an upload."""
    return Answers(ReadOptions(**options.get("read", {})), options.get("mapping", {}))


def answers_in(form: Mapping[str, str]) -> Answers:
    """What a form says. Raises InvalidInput for a row of headers that is no number.

    >>> answers_in({"read.sheet": "Ventas", "column.Nota": "-", "column.Neto": "", "field.precio": "Neto"}).mapping
    {'Nota': None, 'Neto': 'precio'}
    """
    read = {name: form[READ + name] for name in TEXTS if form.get(READ + name)}
    read |= {name: "" for name in EMPTIED if form.get(READ + name) == NONE}
    row = form.get(f"{READ}header_row")
    if row and not (row.isdecimal() and len(row) <= MOST_DIGITS):
        raise InvalidInput("The row of the headers is a number, 0 when there is none.")
    return Answers(ReadOptions(**read, header_row=int(row) if row else None), _mapping(form))


def _mapping(form: Mapping[str, str]) -> dict[str, str | None]:
    said = {name.removeprefix(COLUMN): value for name, value in form.items() if name.startswith(COLUMN) and value}
    asked = {name.removeprefix(ASKED): value for name, value in form.items() if name.startswith(ASKED) and value}
    chosen: dict[str, str | None] = {
        column: None if field == NONE else field for column, field in said.items() if field not in asked
    }
    return chosen | {column: field for field, column in asked.items()}
