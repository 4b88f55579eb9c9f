"""JSON that goes into a job's row: checked, and made text once, before the database sees it."""

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Any, TypeGuard

from psycopg.types.json import Jsonb

from tolva.errors import InvalidInput

MOST_RESULT = 4_000_000
"""Bytes of a result, a checkpoint or an error as JSON."""

MOST_DEPTH = 200
"""Levels of nesting. Python and PostgreSQL both have limits, and who reads a job's row must not run into one."""

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""The escape of a NUL, not the text that looks like one."""

_dumps = partial(json.dumps, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def as_json(value: Mapping[str, Any], most: int = MOST_RESULT) -> Jsonb:
    """A JSON object for a query; see `encode`."""
    return Jsonb(encode(value, most), dumps=str)


def encode(value: Mapping[str, Any], most: int = MOST_RESULT) -> str:
    """A JSON object as text, which nobody can change any more.

    Raises InvalidInput for what JSON or PostgreSQL cannot hold, or over `most` bytes.

    >>> encode({"when": 1})
    '{"when":1}'
    >>> encode({"bad": {1, 2}})
    Traceback (most recent call last):
    tolva.errors.InvalidInput: Not JSON: Object of type set is not JSON serializable
    """
    if not isinstance(value, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] -- handlers are not type-checked
        raise InvalidInput(f"Not a JSON object but a {type(value).__name__}: return a dict, or None.")
    try:
        text = _dumps(value)
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"Not JSON: {error}") from None
    if _NUL.search(text):
        raise InvalidInput("Not JSON for PostgreSQL: it holds a NUL character (\\u0000).")
    if text.count("{") + text.count("[") > MOST_DEPTH and _depth(value) > MOST_DEPTH:
        raise InvalidInput(f"The JSON is nested deeper than {MOST_DEPTH} levels. Flatten it, or put it into a blob.")
    if size > most:
        raise InvalidInput(f"{size:,} bytes of JSON are over the limit of {most:,}. Put what is large into a blob.")
    return text


def _depth(value: Any) -> int:
    """Levels of nesting, counted without recursion.

    >>> _depth({"a": [1, {"b": 2}]}), _depth({})
    (3, 1)
    """
    depth = 0
    level = _inner([value])
    while level:
        depth += 1
        level = _inner([inner for each in level for inner in (each.values() if isinstance(each, dict) else each)])
    return depth


def _inner(values: list[Any]) -> list[dict[Any, Any] | list[Any]]:
    """Those of the values that hold others."""
    return [dict(each) if isinstance(each, Mapping) else list(each) for each in values if _holds(each)]


def _holds(value: Any) -> TypeGuard[Mapping[Any, Any] | list[Any] | tuple[Any, ...]]:
    return isinstance(value, Mapping | list | tuple)


def clean(text: str, most: int = 2000) -> str:
    """Text that any database and terminal can hold.

    >>> clean("a\\x00b")
    'a\\ufffdb'
    """
    return text[:most].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
