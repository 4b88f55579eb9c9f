"""Which columns one load has."""

from dataclasses import dataclass

from tolva.tables.schema import Field, Schema


@dataclass(frozen=True)
class Shape:
    """Which columns a load has: of the schema, those that the file holds, in the frame's order."""

    schema: Schema
    key: tuple[Field, ...]
    values: tuple[Field, ...]
    constants: tuple[Field, ...]

    @classmethod
    def of(cls, schema: Schema, columns: list[str]) -> "Shape":
        """The shape of a frame with these columns."""
        held = tuple(field for field in schema.file_fields if field.name in columns)
        return cls(
            schema,
            tuple(field for field in held if field.name in schema.key),
            tuple(field for field in held if field.name not in schema.key),
            tuple(field for field in schema.fields if field.source == "params"),
        )

    @property
    def staged(self) -> list[str]:
        """The staging table's columns, in the order in which rows are copied."""
        return ["row", "_key", "_nth", "_last", *(field.name for field in (*self.key, *self.values))]

    @property
    def absent(self) -> tuple[Field, ...]:
        """Fields that the file lacks but whose default a new row gets."""
        held = {field.name for field in self.values}
        return tuple(
            f for f in self.schema.file_fields if f.default is not None and f.name not in (*held, *self.schema.key)
        )
