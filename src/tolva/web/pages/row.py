"""A row of bits, put together to pieces that are known."""

from collections.abc import Callable
from typing import TypeVar

Piece = TypeVar("Piece")


def in_a_row(count: int, piece: Callable[[int, int], Piece | None], most: int) -> list[tuple[int, Piece]] | None:
    """So many bits as pieces, each as short as it goes: the last bit of each, and what it is. None where none fit.

    `piece` is asked for those from one bit to another; a piece has up to `most`, or all that are left.

    >>> known = {"a": 1, "ab": 2, "ba": 3}
    >>> in_a_row(3, lambda first, last: known.get("aba"[first : last + 1]), most=2)
    [(0, 1), (2, 3)]
    """
    row: list[tuple[int, int, Piece]] = []
    hopeless: set[int] = set()
    begin = least = 0
    while begin < count:
        ends = (end for end in _ends(begin, count, most) if end >= least and end + 1 not in hopeless)
        if step := next(((end, told) for end in ends if (told := piece(begin, end)) is not None), None):
            row.append((begin, *step))
            begin = least = step[0] + 1
        elif row:
            hopeless.add(begin)
            begin, end, _ = row.pop()
            least = end + 1
        else:
            return None
    return [(end, told) for _, end, told in row]


def _ends(begin: int, count: int, most: int) -> tuple[int, ...]:
    return (*range(begin, min(begin + most, count - 1)), count - 1)
