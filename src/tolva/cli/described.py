"""A schema for people: all that binds its rows."""

from collections.abc import Iterator

from tolva.tables.schema import Field, Schema

SHOWN = 8
"""Values of a list that are shown; of more, how many there are."""


def schema_facts(schema: Schema) -> list[tuple[str, object]]:
    """What holds for all fields: names and values."""
    return [
        ("destination", schema.destination or "Tolva's own database"),
        ("key", ", ".join(schema.key)),
        ("unique", "; ".join(" + ".join(group) for group in schema.unique)),
        ("locale", schema.locale),
        ("time zone", schema.timezone),
        ("blank cells", f"keep the stored value; as blank counts: {_missing(schema)}"),
    ]


def _missing(schema: Schema) -> str:
    return ", ".join(["nothing", *(repr(text) for text in schema.missing if text.strip())])


def field_rules(field: Field) -> str:
    """What a cell of this field must be, and what becomes of it first.

    >>> field_rules(Field("iso", "string", "ISO", required=True, transforms=("upper",), pattern="[A-Z]{3}"))
    'required, first: upper, whole cell matches [A-Z]{3}'
    >>> field_rules(Field("price", "decimal", "Price", precision=12, scale=2, minimum=0, locale="es-CO"))
    'up to 10 digits and 2 decimals, ≥ 0, read as es-CO'
    """
    return ", ".join(_rules(field))


def _rules(field: Field) -> Iterator[str]:
    if field.required:
        yield "required"
    if field.unique:
        yield "unique"
    if field.transforms:
        yield f"first: {', then '.join(field.transforms)}"
    if field.kind == "decimal":
        yield f"up to {field.precision - field.scale} digits and {field.scale} decimals"
    yield from _limits(field)
    if field.pattern is not None:
        yield f"whole cell matches {field.pattern}"
    if field.enum:
        yield _one_of(field.enum)
    if field.locale:
        yield f"read as {field.locale}"
    if field.default is not None:
        yield f"{field.default!r} in new rows without a value"


def _limits(field: Field) -> Iterator[str]:
    if field.min_length is not None:
        yield f"≥ {field.min_length} characters"
    if field.max_length is not None:
        yield f"≤ {field.max_length} characters"
    if field.minimum is not None:
        yield f"≥ {field.minimum}"
    if field.maximum is not None:
        yield f"≤ {field.maximum}"


def _one_of(values: tuple[str, ...]) -> str:
    """The values, or the first of them and their number.

    >>> _one_of(("a", "b"))
    'one of a | b'
    >>> _one_of(tuple("abcdefghij"))
    'one of a | b | c | d | e | f | g | h … (10 values)'
    """
    more = f" … ({len(values)} values)" if len(values) > SHOWN else ""
    return f"one of {' | '.join(values[:SHOWN])}{more}"
