"""What no schema may say though each value in it is right by itself: fields, key and table have to go together."""

from tolva.errors import InvalidInput
from tolva.tables.fold import bare
from tolva.tables.schema import Field, Schema

MAX_KEY_LENGTH = 500
"""Characters of all text fields of a key together: an entry of PostgreSQL's index holds some 2,700 bytes."""

FILLED = ("tenant_id", "created_at", "updated_at")
"""Columns of every table in Tolva's own database."""
RESERVED = ("row", "flaw", "more", "cell", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")
"""Columns of frames, and those that PostgreSQL adds to every table."""


def check_coherence(schema: Schema) -> None:
    """Raises InvalidInput with the path of the fault in the schema's document."""
    _check_reserved(schema)
    _check_names(schema)
    _check_key(schema)
    for number, group in enumerate(schema.unique_keys):
        _check_known(schema, group, f"uniqueKeys[{number}]")
    for group in schema.unique:
        _check_unique(schema, group)


def _check_reserved(schema: Schema) -> None:
    """Names that the target, or the way to it, has for itself."""
    names = (*RESERVED, *FILLED) if schema.tenanted else RESERVED
    for number, field in enumerate(schema.fields):
        if field.name in names:
            raise InvalidInput(f"fields[{number}].name: {field.name!r} is a name of the table's own; choose another")


def _check_names(schema: Schema) -> None:
    """No two fields may answer to one header, or a column could belong to both."""
    owners: dict[str, int] = {}
    for number, field in enumerate(schema.fields):
        for header in (field.name, field.title, *field.aliases):
            owner = owners.setdefault(bare(header), number)
            if owner != number:
                raise InvalidInput(f"fields[{number}]: {header!r} also means {schema.fields[owner].name!r}")


def _check_key(schema: Schema) -> None:
    names, room = [field.name for field in schema.fields], MAX_KEY_LENGTH
    _check_known(schema, schema.key, "primaryKey")
    for name in schema.key:
        field, path = schema.field(name), f"fields[{names.index(name)}].constraints"
        if not field.required:
            raise InvalidInput(f"{path}.required: a field of the key must be required")
        if field.kind == "string":
            if not field.max_length:
                raise InvalidInput(f"{path}.maxLength: {_endless(field)}")
            if field.max_length > room:
                raise InvalidInput(
                    f"{path}.maxLength: lower that of {name!r}; the texts of the key may have {MAX_KEY_LENGTH}"
                    " characters all together"
                )
            room -= field.max_length
    for number, field in enumerate(schema.fields):
        if field.source == "params" and field.name not in schema.key:
            raise InvalidInput(
                f"fields[{number}].source: a field that comes with the request must be of the primaryKey"
            )
    if not schema.file_key:
        raise InvalidInput("primaryKey: at least one of its fields must come from the file")


def _check_known(schema: Schema, group: tuple[str, ...], path: str) -> None:
    names = [field.name for field in schema.fields]
    for number, name in enumerate(group):
        if name not in names:
            raise InvalidInput(f"{path}[{number}]: no field is called {name!r}")
        if name in group[:number]:
            raise InvalidInput(f"{path}[{number}]: {name!r} stands there already")


def _check_unique(schema: Schema, group: tuple[str, ...]) -> None:
    path, fields = schema.where_unique(group), [schema.field(name) for name in group]
    if not schema.from_file(group):
        raise InvalidInput(f"{path}: what comes with the request is the same in all rows")
    if any(field.default is not None for field in fields):
        raise InvalidInput(f"{path}: a default would be the same in all rows that lack a value")
    texts = [field for field in fields if field.kind == "string"]
    for field in texts:
        if not field.max_length:
            raise InvalidInput(f"{path}: {_endless(field)}")
    if sum(field.max_length or 0 for field in texts) > MAX_KEY_LENGTH:
        names = ", ".join(repr(field.name) for field in texts)
        raise InvalidInput(
            f"{path}: lower the maxLength of {names}; what is unique may have {MAX_KEY_LENGTH} characters all together"
        )


def _endless(field: Field) -> str:
    return (
        f"{field.name!r} is a text and unique, so it needs a maxLength, at most {MAX_KEY_LENGTH}; write it into the"
        f' constraints of {field.name!r}, say "maxLength": 50'
    )
