"""What a destination looks like: its fields, their rules and its key. Values only; `document` reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from tolva.errors import InvalidInput
from tolva.tables.locale import signs_of

Kind = Literal["string", "integer", "decimal", "date", "datetime", "boolean"]
Transform = Literal["upper", "lower", "collapse_spaces", "strip_currency"]
Bound = int | Decimal | date | datetime


@dataclass(frozen=True)
class Field:
    """One column of a destination. Bounds have the Python type of the field's kind."""

    name: str
    kind: Kind
    title: str
    description: str = ""
    aliases: tuple[str, ...] = ()
    source: Literal["file", "params"] = "file"
    """Where the value comes from: a column of the file, or the request."""
    default: str | None = None
    """Given to new rows whose cell is blank or whose column is missing; never to stored ones."""
    precision: int = 20
    scale: int = 6
    required: bool = False
    unique: bool = False
    """Whether no two rows of the table may have the same value; blanks never clash."""
    locale: str | None = None
    """How numbers and dates of this column are written, where its cells do not show it; else the schema's."""
    examples: tuple[str, ...] = ()
    """Plain values for a template."""
    transforms: tuple[Transform, ...] = ()
    """What is done to the text of a cell before it is judged."""
    min_length: int | None = None
    max_length: int | None = None
    minimum: Bound | None = None
    maximum: Bound | None = None
    pattern: str | None = None
    enum: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """The kind by its name in a document."""
        return type_name(self.kind)


def type_name(kind: Kind) -> str:
    """A kind by its name in a document.

    >>> type_name("decimal"), type_name("date")
    ('number', 'date')
    """
    return "number" if kind == "decimal" else kind


@dataclass(frozen=True)
class Schema:
    """One destination: the table `target` and its fields, in the order in which messages name them."""

    name: str
    title: str
    target: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    unique_keys: tuple[tuple[str, ...], ...] = ()
    """Fields that together are unique, besides those of the key and those that are so alone."""
    missing: tuple[str, ...] = ("",)
    """Cells that mean "nothing here", besides blank ones."""
    locale: str | None = None
    timezone: str = "UTC"
    """Of times that name no zone."""
    destination: str | None = None
    """The database of the target, by its name in TOLVA_DESTINATIONS; None for Tolva's own."""

    def field(self, name: str) -> Field:
        """The field of that name. Raises KeyError."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    @property
    def tenanted(self) -> bool:
        """Whether the target holds the rows of all tenants, each with its `tenant_id` and its times.

        A table of Tolva's own database does; one elsewhere is of one tenant alone, and has the schema's fields.
        """
        return self.destination is None

    @property
    def table_key(self) -> tuple[str, ...]:
        """The columns by which the target tells its rows apart."""
        return self.in_table(self.key)

    @property
    def unique(self) -> tuple[tuple[str, ...], ...]:
        """The groups of fields that no two rows have alike, but for the key; most are of one field."""
        alone = ((field.name,) for field in self.fields if field.unique)
        return tuple(group for group in dict.fromkeys((*alone, *self.unique_keys)) if set(group) != set(self.key))

    def where_unique(self, group: tuple[str, ...]) -> str:
        """The path at which a document says that these fields are unique."""
        if group in self.unique_keys:
            return f"uniqueKeys[{self.unique_keys.index(group)}]"
        return f"fields[{self.fields.index(self.field(group[0]))}].constraints.unique"

    def in_table(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The columns by which the target tells rows apart that differ in these fields."""
        return ("tenant_id", *names) if self.tenanted else names

    @property
    def file_fields(self) -> tuple[Field, ...]:
        """The fields that a file may hold."""
        return tuple(field for field in self.fields if field.source == "file")

    @property
    def file_key(self) -> tuple[str, ...]:
        """The part of the key that comes from the file."""
        return self.from_file(self.key)

    def from_file(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those of these fields that a file may hold, in the schema's order."""
        return tuple(field.name for field in self.file_fields if field.name in names)

    def with_defaults(self, defaults: Mapping[str, str]) -> "Schema":
        """The same schema with other defaults, by field name. Raises InvalidInput for a default no cell may have."""
        return replace(self, fields=tuple(_with_default(field, defaults) for field in self.fields))

    def in_locale(self, locale: str | None) -> "Schema":
        """The same schema for a file whose sender says how its numbers and dates are meant; None and "" say nothing.

        Raises InvalidInput for a locale that there is not.
        """
        if not locale:
            return self
        signs_of(locale)
        return replace(self, locale=locale, fields=tuple(replace(field, locale=None) for field in self.fields))


def _with_default(field: Field, defaults: Mapping[str, str]) -> Field:
    default = defaults.get(field.name, field.default)
    if default is not None and field.enum and default not in field.enum:
        raise InvalidInput(f"{field.name}: the default {default!r} is not one of the field's values")
    return replace(field, default=default)
