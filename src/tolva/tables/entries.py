"""The values in a schema document: each is read, or refused with the path of its fault."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tolva.errors import InvalidInput
from tolva.tables.locale import signs_of
from tolva.tables.schema import Bound, Kind, Transform, type_name

KINDS: dict[str, Kind] = {
    "string": "string",
    "integer": "integer",
    "number": "decimal",
    "decimal": "decimal",
    "date": "date",
    "datetime": "datetime",
    "boolean": "boolean",
}
MOST_ENTRIES = 2_000
NAME = re.compile(r"[a-z][a-z0-9_]{0,49}\Z")


def read_object(value: object, path: str) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{path}: must be an object")
    return cast("Mapping[str, Any]", value)


def read_kind(name: object, path: str) -> Kind:
    """The kind that a type name stands for; `decimal` may be written for `number`."""
    kind = KINDS.get(str(name))
    if kind is None:
        names = dict.fromkeys(map(type_name, KINDS.values()))
        raise InvalidInput(f"{path}: unknown type {name!r}; use one of {', '.join(names)}")
    return kind


def read_name(name: object, path: str) -> str:
    """A name of a table or column: short enough to be given a prefix, and never with an underscore in front."""
    if not isinstance(name, str) or not NAME.match(name):
        raise InvalidInput(f"{path}: must be a name of lower-case letters, digits and _, but is {name!r}")
    return name


def read_list(owner: Mapping[str, Any], key: str, path: str, default: list[Any] | None = None) -> list[Any]:
    """A list, with entries unless there is a default."""
    value: object = owner.get(key, default)
    if isinstance(value, str):  # the standard allows a key of one field to be written without the list
        value = [value]
    if not isinstance(value, list) or (default is None and not value):
        raise InvalidInput(f"{path}{'.' if path else ''}{key}: must be a list" + ("" if value else " with entries"))
    if len(cast("list[Any]", value)) > MOST_ENTRIES:
        raise InvalidInput(f"{path}{'.' if path else ''}{key}: has more than {MOST_ENTRIES} entries")
    return cast("list[Any]", value)


def read_texts(owner: Mapping[str, Any], key: str, path: str, default: list[Any] | None) -> tuple[str, ...]:
    """A list of texts or numbers, as texts; with entries unless there is a default."""
    values = read_list(owner, key, path, default)
    for number, value in enumerate(values):
        if not isinstance(value, str | int | float):
            raise InvalidInput(f"{path}{'.' if path else ''}{key}[{number}]: must be a text")
    return tuple(map(str, values))


def read_groups(owner: Mapping[str, Any], key: str) -> tuple[tuple[str, ...], ...]:
    """A list of lists of texts, or of texts that stand for a list of their own."""
    groups = read_list(owner, key, "", default=[])
    return tuple(read_texts({f"{key}[{n}]": group}, f"{key}[{n}]", "", default=None) for n, group in enumerate(groups))


def read_default(value: object, path: str) -> str | None:
    """The text of a value, or None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise InvalidInput(f"{path}: must be a text, a number, true or false")


def read_flag(value: object, path: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise InvalidInput(f"{path}: must be true or false")
    return value


def read_count(value: object, path: str, most: int) -> int:
    """A whole number from 0 to `most`."""
    if not isinstance(value, int) or not 0 <= value <= most:
        raise InvalidInput(f"{path}: must be a whole number from 0 to {most}")
    return value


def read_length(value: object, path: str) -> int | None:
    """A number of characters, or None."""
    return None if value is None else read_count(value, path, 10_000_000)


def read_bound(kind: Kind, value: object, path: str) -> Bound | None:
    """A least or greatest value, of the field's kind."""
    if value is None:
        return None
    try:
        if kind == "date":
            return date.fromisoformat(str(value))
        if kind == "string":
            raise InvalidInput(f"{path}: text has no such rule; use maxLength, pattern or enum")
        if kind == "boolean":
            raise InvalidInput(f"{path}: a boolean has no such rule")
        if kind == "datetime":
            moment = datetime.fromisoformat(str(value))
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(str(value)) if kind == "integer" else Decimal(str(value))
    except (ValueError, InvalidOperation):
        raise InvalidInput(f"{path}: {value!r} is not of type {type_name(kind)}") from None


def read_locale(value: object, path: str) -> str | None:
    """A locale such as es-CO, or None."""
    if value is None:
        return None
    signs_of(str(value), path)
    return str(value)


def read_timezone(value: object, path: str) -> str:
    """The name of a time zone."""
    try:
        return ZoneInfo(str(value)).key
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidInput(f"{path}: there is no time zone {value!r}; write America/Bogota, for instance") from None


def read_transforms(owner: Mapping[str, Any], path: str) -> tuple[Transform, ...]:
    """What is done to a cell's text, in order."""
    names = read_list(owner, "transforms", path, default=[])
    known: tuple[Transform, ...] = get_args(Transform)
    for number, name in enumerate(names):
        if name not in known:
            raise InvalidInput(
                f"{path}.transforms[{number}]: unknown transform {name!r}; use one of {', '.join(known)}"
            )
    return tuple(names)


def read_enum(kind: Kind, rules: Mapping[str, Any], path: str) -> tuple[str, ...]:
    """The values that a text may have; empty for any."""
    values = tuple(str(value) for value in read_list(rules, "enum", path, default=[]))
    if values and kind != "string":
        raise InvalidInput(f"{path}.enum: only text may have one")
    return values
