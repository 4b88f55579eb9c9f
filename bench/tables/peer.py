"""What each system that is measured brings."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Peer:
    """`open` makes an empty table; its context is the function that loads a file into it, committed at its end.

    `few` says that it gets the small files, since it goes row by row. `reads` is how the name of its files ends.
    """

    name: str
    what: str
    open: Callable[[str], AbstractContextManager[Callable[[Path], None]]]
    few: bool = False
    reads: str = "csv"
    spoilt: bool = False
    """Whether it gets a file with faults as well."""
