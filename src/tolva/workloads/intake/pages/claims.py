"""Columns that a field is asked for, and columns that have the name of a field which another one feeds."""

from typing import Any

from tolva.tables.map import fields_called
from tolva.tables.proposal import SURE
from tolva.tables.schema import Schema


def claims_of(found: dict[str, Any]) -> dict[str, str]:
    """By column, the field that others claim as well: which of them feeds it is asked.

    >>> likely = {"name": "Precio", "field": "precio", "confidence": 1.0}
    >>> asked = [{"field": "precio", "columns": ["Precio", "Costo"]}, {"field": "stock", "columns": ["Nota"]}]
    >>> claims_of({"columns": [likely], "questions": asked})
    {'Precio': 'precio', 'Costo': 'precio'}
    """
    sure = {column["field"] for column in found["columns"] if column["field"] and column["confidence"] >= SURE}
    claimed = [question for question in found["questions"] if question["field"] in sure]
    return {column: question["field"] for question in claimed for column in question["columns"]}


def names_passed_over(columns: list[dict[str, Any]], schema: Schema) -> dict[str, str]:
    """By column that feeds nothing, the field that has its name and that another column feeds."""
    fed = {column["field"] for column in columns}
    free = {column["name"]: column["header"] for column in columns if not column["field"]}
    named = {name: fields_called(header.strip(), schema.file_fields) for name, header in free.items()}
    passed = {name: [field for field in called if field in fed] for name, called in named.items()}
    return {name: fields[0] for name, fields in passed.items() if fields}
