"""What is wrong with a file, for people: fields by their titles. API, logs and stored rows have their names."""

import re

from tolva.tables.reading.xlsx_scan import column_letters
from tolva.tables.schema import Schema

BLANK = re.compile(r"(Campos obligatorios vacíos: )(.+)")
NAMED = re.compile(r'(^|: |; |\. )(\w+(?:, \w+)*)(?=: "| \(encabezados aceptados: | \(¿es ")')
"""One or several fields, at the beginning of what is said of them."""

PLACE = re.compile(r'(" \(columna )([0-9]{1,5})\)')


def with_titles(message: str, schema: Schema) -> str:
    """The message with the titles of the fields that it names, and the letters of columns.

    >>> from tolva.tables.document import builtin_schema
    >>> with_titles("Campos obligatorios vacíos: nombre, certificado_sanitario", builtin_schema("products"))
    'Campos obligatorios vacíos: Nombre, Certificado sanitario'
    >>> with_titles('precio: "codigo: x" no es un número', builtin_schema("products"))
    'Precio: "codigo: x" no es un número'
    >>> with_titles('precio: "P" (columna 3), "P" (columna 28)', builtin_schema("products"))
    'Precio: "P" (columna C), "P" (columna AB)'
    """
    titles = {field.name: field.title for field in schema.fields}

    def named(names: str) -> str:
        return ", ".join(titles.get(name, name) for name in names.split(", "))

    blank = BLANK.fullmatch(message)
    if blank:
        return blank[1] + named(blank[2])
    message = PLACE.sub(lambda found: f"{found[1]}{column_letters(int(found[2]) - 1)})", message)
    return NAMED.sub(lambda found: found[1] + named(found[2]), message)
