"""A workbook to fill in, made from a schema: its columns, what each takes, drop-downs for listed values."""

# pyright: reportUnknownMemberType=false
# (the library has no types)

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]

from tolva.tables.reading.own_sheets import GUIDE, LISTS
from tolva.tables.reading.xlsx_scan import column_letters
from tolva.tables.schema import Field, Kind, Schema

LAST_ROW = 1_048_575
LONGEST_LIST = 255
"""Characters of a list that a workbook holds in the rule itself; a longer one stands on a sheet of its own."""
LONGEST_NOTE = 255
LONGEST_TITLE = 32
"""Characters that a workbook holds of a message for a cell, and of its title."""
WIDTH = 22

KINDS: dict[Kind, str] = {
    "string": "texto",
    "integer": "número entero",
    "decimal": "número",
    "date": "fecha (AAAA-MM-DD)",
    "datetime": "fecha y hora (AAAA-MM-DD HH:MM)",
    "boolean": "sí o no",
}
FORMATS: dict[Kind, str] = {
    "string": "@",  # keeps the zeros in front of a code that somebody types
    "integer": "0",
    "decimal": "General",
    "date": "yyyy-mm-dd",
    "datetime": "yyyy-mm-dd hh:mm",
    "boolean": "@",
}
SAMPLES: dict[Kind, str] = {
    "string": "texto",
    "integer": "1",
    "decimal": "1.5",
    "date": "2027-12-31",
    "datetime": "2027-12-31 10:30",
    "boolean": "sí",
}
"""What stands for a field without examples of its own."""


def write_template(schema: Schema, target: Path, *, example: bool) -> None:
    """Writes the workbook, with rows of examples or without. What it holds loads without an error."""
    with xlsxwriter.Workbook(str(target)) as book:
        sheet, guide, lists = (book.add_worksheet(name) for name in (_sheet_name(schema), GUIDE, LISTS))
        head = {
            kind: book.add_format({"bold": True, "bg_color": color})
            for kind, color in (("must", "#FFE9B0"), ("may", "#E8EEF4"))
        }
        for column, field in enumerate(schema.file_fields):
            style = book.add_format({"num_format": FORMATS[field.kind]})
            sheet.set_column(column, column, WIDTH, style)
            sheet.write_string(0, column, field.title, head["must" if field.required else "may"])
            _restrict(sheet, lists, column, field)
        sheet.freeze_panes(1, 0)
        for row, values in enumerate(_examples(schema) if example else (), start=1):
            for column, (field, value) in enumerate(zip(schema.file_fields, values, strict=True)):
                _write(sheet, row, column, field, value, book.add_format({"num_format": FORMATS[field.kind]}))
        _explain(guide, schema, book.add_format({"bold": True}))
        lists.hide()


def _sheet_name(schema: Schema) -> str:
    return "".join(letter for letter in schema.title if letter not in "[]:*?/\\")[:31].strip("'") or "Datos"


def _restrict(sheet: Any, lists: Any, column: int, field: Field) -> None:
    """A drop-down for listed values; and what a blank cell gets, said where somebody is about to fill it in."""
    rule = _drop_down(lists, column, field) | _if_blank(field)
    if rule:
        sheet.data_validation(1, column, LAST_ROW, column, {"validate": "any"} | rule)


def _drop_down(lists: Any, column: int, field: Field) -> dict[str, Any]:
    values = list(field.enum) or (["sí", "no"] if field.kind == "boolean" else [])
    if not values:
        return {}
    source: Any = values
    if len(",".join(values)) > LONGEST_LIST:
        for row, value in enumerate(values):
            lists.write_string(row, column, value)
        letter = column_letters(column)
        source = f"={LISTS}!${letter}$1:${letter}${len(values)}"
    message = f"{field.title}: elija un valor de la lista."[:LONGEST_NOTE]
    return {"validate": "list", "source": source, "error_title": "Valor no admitido", "error_message": message}


def _if_blank(field: Field) -> dict[str, str]:
    if field.default is None:
        return {}
    message = f"Si queda vacía, una fila nueva recibe: {field.default}"[:LONGEST_NOTE]
    return {"input_title": field.title[:LONGEST_TITLE], "input_message": message}


def _examples(schema: Schema) -> list[list[str]]:
    """Rows of examples: as many as the field with most has; a key differs from row to row."""
    most = max((len(field.examples) for field in schema.file_fields), default=0) or 1
    return [[_example(field, number) for field in schema.file_fields] for number in range(most)]


def _example(field: Field, number: int) -> str:
    if field.examples:
        return field.examples[number % len(field.examples)]
    if not field.required:
        return ""
    return field.enum[0] if field.enum else SAMPLES[field.kind]


def _write(sheet: Any, row: int, column: int, field: Field, value: str, style: Any) -> None:
    if not value:
        return
    match field.kind:
        case "integer" | "decimal":
            sheet.write_number(row, column, float(Decimal(value)), style)
        case "date":
            sheet.write_datetime(row, column, datetime.combine(date.fromisoformat(value), datetime.min.time()), style)
        case "datetime":
            sheet.write_datetime(row, column, datetime.fromisoformat(value), style)
        case "string" | "boolean":
            sheet.write_string(row, column, value, style)


def _explain(guide: Any, schema: Schema, bold: Any) -> None:
    for column, (title, width) in enumerate((("Columna", 30), ("Obligatoria", 12), ("Qué admite", 90))):
        guide.set_column(column, column, width)
        guide.write_string(0, column, title, bold)
    for row, field in enumerate(schema.file_fields, start=1):
        for column, text in enumerate((field.title, "sí" if field.required else "no", _rules(field))):
            guide.write_string(row, column, text)


def _rules(field: Field) -> str:
    """What a field takes, in words.

    >>> _rules(Field("dias", "integer", "Días", minimum=0, maximum=365))
    'número entero, desde 0, hasta 365'
    """
    parts: list[str] = [field.description or KINDS[field.kind]]
    parts += [f"hasta {field.max_length} caracteres"] if field.max_length else []
    parts += [f"desde {field.minimum}"] if field.minimum is not None else []
    parts += [f"hasta {field.maximum}"] if field.maximum is not None else []
    parts += [f"si falta: {field.default}"] if field.default is not None else []
    return ", ".join([*parts, *_listed(field.enum)])


def _listed(values: Sequence[str]) -> list[str]:
    return [f"uno de: {', '.join(values)}"] if 0 < len(values) <= 12 else []
