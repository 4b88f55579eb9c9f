"""What users say of columns, and which columns they mean."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tolva.errors import InvalidInput
from tolva.tables.near import perhaps
from tolva.tables.places import PLACE, called, columns_called
from tolva.tables.schema import Schema

Chosen = Mapping[str, str | None]
"""By header or place (see `places`), the field that the user chose, or None for a column that is to be ignored."""
NOTHING: Chosen = MappingProxyType({})


def answered(headers: Sequence[str], schema: Schema, chosen: Chosen) -> dict[int, str | None]:
    """What was chosen, by column. What was said of a place counts more than what was said of its header.

    Raises InvalidInput for a column or a field that there is not.
    """
    require_fields(schema, chosen)
    answers: dict[int, str | None] = {}
    for name in sorted(chosen, key=lambda name: bool(PLACE.fullmatch(name))):
        field, columns = chosen[name], columns_called(name, headers)
        if not columns:
            known = [called(column, headers) for column in range(len(headers))]
            near = perhaps(name, known)
            raise InvalidInput(f'El archivo no tiene la columna "{name}".{near} Tiene: {", ".join(known)}.')
        answers |= dict.fromkeys(columns, field)
    return answers


def require_fields(schema: Schema, chosen: Chosen) -> None:
    """Raises InvalidInput for the first field that the schema does not take from files."""
    fields = [field.name for field in schema.file_fields]
    for field in filter(None, chosen.values()):
        if field not in fields:
            near = perhaps(field, fields)
            raise InvalidInput(f'No existe el campo "{field}".{near} Existen: {", ".join(fields)}.')
