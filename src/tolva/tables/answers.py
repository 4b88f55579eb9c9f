"""What users say of columns, and which columns they mean."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tolva.errors import InvalidInput
from tolva.tables.places import PLACE, called, columns_called
from tolva.tables.schema import Schema

Chosen = Mapping[str, str | None]
"""By header or place (see `places`), the field that the user chose, or None for a column that is to be ignored."""
NOTHING: Chosen = MappingProxyType({})


def answered(headers: Sequence[str], schema: Schema, chosen: Chosen) -> dict[int, str | None]:
    """What was chosen, by column. What was said of a place counts more than what was said of its header.

    Raises InvalidInput for a column or a field that there is not.
    """
    fields = [field.name for field in schema.file_fields]
    answers: dict[int, str | None] = {}
    for name in sorted(chosen, key=lambda name: bool(PLACE.fullmatch(name))):
        field, columns = chosen[name], columns_called(name, headers)
        if not columns:
            known = ", ".join(called(column, headers) for column in range(len(headers)))
            raise InvalidInput(f'El archivo no tiene la columna "{name}". Tiene: {known}.')
        if field is not None and field not in fields:
            raise InvalidInput(f'No existe el campo "{field}". Existen: {", ".join(fields)}.')
        answers |= dict.fromkeys(columns, field)
    return answers
