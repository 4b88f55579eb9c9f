"""How a file wrote its numbers and dates, kept for another one that is to be read the same way."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from tolva.tables.locale import DateOrder, DecimalSign
from tolva.tables.notation import Notation
from tolva.tables.schema import Schema

Sign = DecimalSign | DateOrder
LOCALES: Mapping[Sign, Literal["es-CO", "en-US"]] = {",": "es-CO", ".": "en-US", "dmy": "es-CO", "mdy": "en-US"}
"""A locale that writes so."""


def signs_shown(notations: Mapping[str, Notation]) -> dict[str, Sign]:
    """By field, the sign of decimals or the order of dates in its column, where something told it.

    Numbers by their kind show nothing of the texts in another file.
    """
    signs = {name: found.signs for name, found in notations.items() if not found.by_kind}
    told: dict[str, Sign | None] = {name: found.decimal or found.order for name, found in signs.items()}
    return {name: sign for name, sign in told.items() if sign}


def written_so(schema: Schema, signs: Mapping[str, Sign]) -> Schema:
    """The same schema for a file whose columns write as `signs` tell by field, where they do not show it themselves."""
    fields = [
        replace(field, locale=LOCALES[signs[field.name]]) if field.name in signs else field for field in schema.fields
    ]
    return replace(schema, fields=tuple(fields))
