"""What an answer calls a column: its header where that says which one is meant, else its place, as in `@3`.

What looks like a place is never a header: a column that is really called `@3` is called by its place as well.
"""

import re
from collections.abc import Sequence

PLACE = re.compile(r"@([1-9][0-9]{0,4})")
LONGEST = 200
"""Characters of a header that anybody would write."""


def position_ref(column: int) -> str:
    """A column by its place in the file, the first one being `@1`.

    >>> position_ref(2)
    '@3'
    """
    return f"@{column + 1}"


def is_named(column: int, headers: Sequence[str]) -> bool:
    """Whether a column's header is its alone."""
    header = headers[column]
    return bool(header) and not PLACE.fullmatch(header) and headers.count(header) == 1


def ref_of(column: int, headers: Sequence[str]) -> str:
    r"""What to write for a column: its header, if that is its alone and fits on a line, else its place.

    >>> headers = ("codigo", "precio", "precio", "", "@1", "precio\nneto")
    >>> [ref_of(column, headers) for column in range(len(headers))]
    ['codigo', '@2', '@3', '@4', '@5', '@6']
    """
    header = headers[column]
    fits = is_named(column, headers) and header.isprintable() and len(header) <= LONGEST
    return header if fits else position_ref(column)


def columns_named(name: str, headers: Sequence[str]) -> list[int]:
    """The columns that a name may mean: one for a place, each of them for a header that several have.

    >>> columns_named("@2", ("a", "b")), columns_named("a", ("a", "b", "a")), columns_named("@3", ("a", "b"))
    ([1], [0, 2], [])
    """
    if found := PLACE.fullmatch(name):
        column = int(found[1]) - 1
        return [column] if column < len(headers) else []
    return [column for column, header in enumerate(headers) if header and header == name]
