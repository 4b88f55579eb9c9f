"""JSON that goes into a job's row: checked before the database sees it."""

import json
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from psycopg.types.json import Jsonb

from tolva.errors import InvalidInput

MOST_RESULT = 4_000_000
"""Bytes of a result, a checkpoint or an error as JSON."""

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""The escape of a NUL, not the text that looks like one."""

_dumps = partial(json.dumps, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def as_json(value: Mapping[str, Any], most: int = MOST_RESULT) -> Jsonb:
    """A JSON object for a query. Raises InvalidInput for what JSON or PostgreSQL cannot hold, or over `most` bytes.

    >>> as_json({"when": 1}).obj
    {'when': 1}
    >>> as_json({"bad": {1, 2}})
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
    if size > most:
        raise InvalidInput(f"{size:,} bytes of JSON are over the limit of {most:,}. Put what is large into a blob.")
    return Jsonb(value, dumps=_dumps)


def error_json(error: BaseException) -> dict[str, Any]:
    """An exception as the JSON that a failed job shows. NULs and lone surrogates are replaced."""
    return {"type": type(error).__name__, "message": clean(str(error)) or type(error).__name__}


def clean(text: str, most: int = 2000) -> str:
    """Text that any database and terminal can hold.

    >>> clean("a\\x00b")
    'a\\ufffdb'
    """
    return text[:most].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
