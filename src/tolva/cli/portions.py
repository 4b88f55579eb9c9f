"""Lists that look at so much a call, gone on with until there is enough to show: so that none means none."""

from collections.abc import Callable
from typing import TypeVar

from psycopg.rows import DictRow

from tolva.cli.console import err, say

Cursor = TypeVar("Cursor")
Portion = tuple[list[DictRow], Cursor | None]
"""Rows, and where to go on; None at the end."""
MOST_PORTIONS = 100
"""Some seconds' worth, of a million jobs."""


def gathered(
    look: Callable[[Cursor | None, int], Portion[Cursor]], before: Cursor | None, most: int
) -> Portion[Cursor]:
    """`most` rows, or all there are, or those of MOST_PORTIONS; and where to go on.

    >>> gathered(lambda before, most: ([{"n": before}], before - 1 if before > 7 else None), 9, 50)
    ([{'n': 9}, {'n': 8}, {'n': 7}], None)
    """
    rows, cursor = look(before, most)
    for _ in range(MOST_PORTIONS - 1):
        if cursor is None or len(rows) >= most:
            break
        more, cursor = look(cursor, most - len(rows))
        rows = [*rows, *more]
    return rows, cursor


def tell_more(command: str, *, short: str | None, as_json: bool) -> None:
    """The call for what follows; `short` says how far was looked, where there was less than asked for.

    Beside JSON it goes to standard error, and only where the list does not tell by its length that there is more.
    """
    told = f"{short} more: {command}" if short else f"more: {command}"
    if not as_json:
        say(told)
    elif short:
        err.print(told, markup=False, soft_wrap=True)
