"""Headers that name another currency than the one that new rows get."""

import re
from collections.abc import Iterator

from tolva.tables.proposal import ColumnMapping
from tolva.tables.schema import Field, Schema

CODE = re.compile(r"(?<![^\W\d_])[A-Z]{3}(?![^\W\d_])")
"""Three capitals, as of ISO 4217, that are a word of their own. Which of them are currencies, the schema tells."""


def currency_notes(mapping: ColumnMapping, schema: Schema) -> list[str]:
    """What to say of `Price (COP)` where no column feeds the currency and its default is another one."""
    return [
        f'El encabezado "{header}" dice {code}, pero ninguna columna trae "{currency.title}": las filas nuevas reciben'
        f" {currency.default}. Si no es lo que quiere, añada esa columna al archivo."
        for currency in schema.file_fields
        if _is_currency(currency) and currency.name not in mapping
        for header, code in _named(mapping, schema, currency)
    ]


def _is_currency(field: Field) -> bool:
    """A field with a list of codes, one of which is its default."""
    return field.default in field.enum and CODE.fullmatch(field.default or "") is not None


def _named(mapping: ColumnMapping, schema: Schema, currency: Field) -> Iterator[tuple[str, str]]:
    """Headers of amounts, each with the code in it."""
    for match in mapping.matches:
        if schema.field(match.field).kind == "decimal":
            codes = dict.fromkeys(CODE.findall(match.header))  # `COP (COP)` says it once
            yield from ((match.header, code) for code in codes if _is_other(code, currency))


def _is_other(code: str, currency: Field) -> bool:
    return code in currency.enum and code != currency.default
