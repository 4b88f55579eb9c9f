"""What users say of columns, and which columns they mean."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tolva.errors import InvalidInput
from tolva.tables.column_refs import PLACE, columns_named, ref_of
from tolva.tables.schema import Schema
from tolva.tables.suggest import did_you_mean

Choices = Mapping[str, str | None]
"""By header or place (see `column_refs`), the field that the user chose, or None for a column that is to be ignored."""
NOTHING: Choices = MappingProxyType({})


def resolve(headers: Sequence[str], schema: Schema, chosen: Choices) -> dict[int, str | None]:
    """What was chosen, by column. What was said of a place counts more than what was said of its header.

    Raises InvalidInput for a column or a field that there is not.
    """
    require_fields(schema, chosen)
    answers: dict[int, str | None] = {}
    for name in sorted(chosen, key=lambda name: bool(PLACE.fullmatch(name))):
        field, columns = chosen[name], columns_named(name, headers)
        if not columns:
            known = [ref_of(column, headers) for column in range(len(headers))]
            near = did_you_mean(name, known)
            raise InvalidInput(f'El archivo no tiene la columna "{name}".{near} Tiene: {", ".join(known)}.')
        answers |= dict.fromkeys(columns, field)
    return answers


def require_fields(schema: Schema, chosen: Choices) -> None:
    """Raises InvalidInput for the first field that the schema does not take from files."""
    fields = [field.name for field in schema.file_fields]
    for field in filter(None, chosen.values()):
        if field not in fields:
            near = did_you_mean(field, fields)
            raise InvalidInput(f'No existe el campo "{field}".{near} Existen: {", ".join(fields)}.')
