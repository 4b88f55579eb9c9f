"""What is wrong with a file, for people: fields by their titles. API, logs and stored rows have their names."""

import re

from tolva.tables.schema import Schema

BLANK = re.compile(r"(Campos obligatorios vacíos: )(.+)")
NAMED = re.compile(r'(^|: |; |\. )(\w+(?:, \w+)*)(?=: "| \(encabezados aceptados: | \(¿es ")')
"""One or several fields, at the beginning of what is said of them."""


def titled(message: str, schema: Schema) -> str:
    """The message with the titles of the fields that it names.

    >>> from tolva.tables.document import builtin_schema
    >>> titled("Campos obligatorios vacíos: nombre, certificado_sanitario", builtin_schema("products"))
    'Campos obligatorios vacíos: Nombre, Certificado sanitario'
    >>> titled('precio: "codigo: x" no es un número', builtin_schema("products"))
    'Precio: "codigo: x" no es un número'
    """
    titles = {field.name: field.title for field in schema.fields}

    def named(names: str) -> str:
        return ", ".join(titles.get(name, name) for name in names.split(", "))

    blank = BLANK.fullmatch(message)
    if blank:
        return blank[1] + named(blank[2])
    return NAMED.sub(lambda found: found[1] + named(found[2]), message)
