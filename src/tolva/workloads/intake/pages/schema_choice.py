"""What a file can be for: the tenant's schemas, and the fields of the chosen one that come with the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tolva.db.pool import Connection
from tolva.errors import CallerError, NotFound
from tolva.tables.document import BUILTIN
from tolva.tables.schema import Field, Schema
from tolva.workloads.intake.schemas import accepting_schema, find_schema, list_schemas

CONSTANT = "constant."
"""What the names of their inputs begin with."""


@dataclass(frozen=True)
class SchemaChoice:
    """`listed` are all schemas, `chosen` the one that the form is for. `fault` says why it takes no files now."""

    listed: list[dict[str, Any]]
    chosen: Schema
    fault: str | None

    @property
    def constants(self) -> tuple[Field, ...]:
        """The fields to be filled in, which hold for every row."""
        return tuple(field for field in self.chosen.fields if field.source == "params")


def schema_choice(conn: Connection, name: str | None) -> SchemaChoice:
    """The choice, with the first schema unless another is named; one that is gone gives way to it."""
    listed = list_schemas(conn)
    try:
        chosen, _ = find_schema(conn, name or BUILTIN[0])
    except NotFound:
        chosen, _ = find_schema(conn, BUILTIN[0])
    try:
        accepting_schema(conn, chosen.name)
    except CallerError as error:
        return SchemaChoice(listed, chosen, str(error))
    return SchemaChoice(listed, chosen, None)


def constants_in(form: Mapping[str, str]) -> dict[str, str]:
    """The constants among the fields of a form, by field.

    >>> constants_in({"schema": "products", "constant.proveedor_id": "P1"})
    {'proveedor_id': 'P1'}
    """
    return {name.removeprefix(CONSTANT): value for name, value in form.items() if name.startswith(CONSTANT)}
