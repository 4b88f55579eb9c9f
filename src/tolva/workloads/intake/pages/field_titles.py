"""What is wrong with a file, for people: fields by their titles. API, logs and stored rows have their names."""

from functools import cache

from tolva.tables.reading.xlsx_scan import column_letters
from tolva.tables.schema import Schema
from tolva.web.pages.recognition import Shown
from tolva.web.pages.sentences import Sentences, known_sentences

MOST_DIGITS = 5
"""Of the number of a column."""


def with_titles(message: str, schema: Schema) -> str:
    """The message with the titles of the fields that it names, and the letters of columns.

    >>> from tolva.tables.document import builtin_schema
    >>> with_titles("Campos obligatorios vacíos: nombre, certificado_sanitario", builtin_schema("products"))
    'Campos obligatorios vacíos: Nombre, Certificado sanitario'
    >>> with_titles('precio: "x; codigo: "y" no es un número', builtin_schema("products"))
    'Precio: "x; codigo: "y" no es un número'
    >>> with_titles('codigo, nombre: "A, B" repite la fila 3', builtin_schema("products"))
    'Código, Nombre: "A, B" repite la fila 3'
    """
    titles = {field.name: field.title for field in schema.fields}

    def title(name: str) -> str:
        return titles.get(name, name)

    def each(names: str) -> str:
        return ", ".join(map(title, names.split(", ")))

    shown: Shown = {"field": each, "field_of_key": title, "fields": each, "column": _letters}
    return _sentences().read(message, shown=shown) or message


@cache
def _sentences() -> Sentences:
    """Without a language: they stay as the code says them."""
    return Sentences("", known_sentences(["tolva.workloads.intake"]))


def _letters(number: str) -> str:
    return column_letters(int(number) - 1) if number.isdecimal() and len(number) <= MOST_DIGITS else number
