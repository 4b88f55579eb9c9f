"""Patterns of a schema: regular expressions that hold for the whole cell, in the dialect of the column engine.

That engine takes no longer for one cell than for another of its size, and so has no look-around and no
back-references.
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import re

import polars as pl

from tolva.errors import InvalidInput

LACKING = (
    "uses what patterns do not have here: look-around such as (?=a), back-references such as \\1, atomic groups,"
    " an escape such as \\Z, or a { that stands for itself"
)


def whole_cell(pattern: str) -> str:
    """The expression by which a pattern holds for a whole cell.

    >>> whole_cell("a|b")
    '^(?:a|b)$'
    """
    return f"^(?:{pattern})$"


def read_pattern(value: object, path: str) -> str | None:
    """A pattern, or None. Raises InvalidInput that says what is wrong with it, in words of no engine's own."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInput(f"{path}: must be a text")
    for expression in (value, whole_cell(value)):
        try:
            pl.Series([""]).str.contains(expression)
        except pl.exceptions.ComputeError as error:
            raise InvalidInput(f"{path}: {value!r} {_told(value, str(error))}") from None
    return value


def _told(pattern: str, said: str) -> str:
    if "size limit" in said:
        return "repeats too much; write smaller numbers in its braces"
    try:
        re.compile(pattern)
    except re.error as error:
        return f"is no regular expression: {error}"
    return LACKING
