"""What a record of JSON holds, as cells: objects within it taken apart, numbers with the digits they came with."""

import json
import re
from decimal import Decimal
from typing import Any, cast

LONGEST_POWER = 4
"""Characters of a power of ten that are looked at: more would be absurd, and slow to read."""
MAX_POWER = 60
"""The highest power of ten, or lowest below zero, that is written out: numbers of a schema have 38 digits at most."""
MAX_DEPTH = 8
"""Objects within objects whose fields become columns of their own, as in `precio.valor`."""
MAX_NESTED = 64
"""Lists and objects within each other in one cell; a record with more is damaged, or meant to do harm."""
HALF = re.compile("[\ud800-\udfff]")


class Number(str):
    """What is a number in JSON, with the digits that it is written with; they are judged by the schema, not here."""

    __slots__ = ()


DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number)


def fields_of(value: Any) -> dict[str, str] | None:
    """The cells of a record by the names of their columns; None when it is no object, or nested too deeply."""
    if not isinstance(value, dict):
        return None
    fields = dict[str, str]()
    try:
        _flatten(cast("dict[str, Any]", value), "", 1, fields)
    except RecursionError:
        return None
    return fields


def _flatten(value: dict[str, Any], prefix: str, depth: int, into: dict[str, str]) -> None:
    for name, inner in value.items():
        if isinstance(inner, dict) and inner and depth < MAX_DEPTH:
            _flatten(cast("dict[str, Any]", inner), f"{prefix}{name}.", depth + 1, into)
        elif inner is not None:
            into[sound(f"{prefix}{name}")] = _cell(inner)


def _cell(value: Any) -> str:
    if isinstance(value, Number):
        return Number(_written_out(value))
    return sound(value if isinstance(value, str) else _text(value))


def _written_out(text: str) -> str:
    """A number with a power of ten as one without; as it is where no schema could take it.

    What comes out is at most MAX_POWER characters and some longer. Only a cell that is a number is written out, not
    the numbers of a list within a cell, so a record of few bytes stays small.

    >>> [_written_out(text) for text in ("1e3", "-12.50E-3", "7.0", "1e61", "1e999999999")]
    ['1000', '-0.01250', '7.0', '1e61', '1e999999999']
    """
    _, _, power = text.lower().partition("e")
    if not power or len(power) > LONGEST_POWER or abs(int(power)) > MAX_POWER:
        return text
    return format(Decimal(text), "f")


def sound(text: str) -> str:
    """Half of a pair of escapes is no character, and no database would take it.

    >>> sound("a" + chr(0xD800)) == "a" + chr(0xFFFD)
    True
    """
    return text if text.isascii() else HALF.sub("\ufffd", text)


def _text(value: Any, depth: int = 1) -> str:
    """The JSON of a value that is no text, its numbers as they were written. Raises RecursionError for a deep one.

    >>> _text([Number("1e3"), {"a": [None, "x"]}])
    '[1e3, {"a": [null, "x"]}]'
    """
    if isinstance(value, Number):
        return str(value)
    if depth > MAX_NESTED:
        raise RecursionError("the value is nested too deeply")
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        pairs = (f"{json.dumps(name, ensure_ascii=False)}: {_text(inner, depth + 1)}" for name, inner in items)
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_text(inner, depth + 1) for inner in cast('list[Any]', value))}]"
    return json.dumps(value, ensure_ascii=False)
