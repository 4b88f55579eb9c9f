"""What to send again where a file leaves open which column feeds a field, or where another sheet was meant.

Followed to the letter it ends the question: it holds all that was said before, but for what the question is about.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tolva.core.job import Json
from tolva.tables.column_choices import Choices

Answers = list[tuple[str, str | None]]
"""Columns with their fields, as in Choices; whoever knows no column writes the same word for several."""


def complete_answers(said: Choices, questions: Sequence[Mapping[str, Any]], unknown: str) -> Answers:
    """Everything to say of columns, given what was `said`; `unknown` stands for a column that nobody can guess.

    >>> asked = [{"field": "precio", "likely": "Neto"}, {"field": "nombre", "likely": None}]
    >>> complete_answers({"Neto": "precio", "Bruto": "precio", "Nota": None}, asked, "COLUMN")
    [('Nota', None), ('Neto', 'precio'), ('COLUMN', 'nombre')]
    """
    picked: Answers = [(each["likely"] or unknown, each["field"]) for each in questions]
    columns, fields = {column for column, _ in picked}, {field for _, field in picked}
    kept = [(column, field) for column, field in said.items() if column not in columns and field not in fields]
    return [*kept, *picked]


def other_sheets(read: Json) -> list[str]:
    """The sheets that a workbook has besides the one that was read, given what the progress says of its reading."""
    return [name for name in read.get("sheets", ()) if name != read["sheet"]]
