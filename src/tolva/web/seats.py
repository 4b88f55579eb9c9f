"""Calls that need much memory: so many at once, and whoever comes meanwhile is told to come again."""

import threading
from collections.abc import Generator
from contextlib import contextmanager

from tolva.errors import Busy

AGAIN = 5.0
"""Seconds until a seat is likely to be free: most of these calls take less."""


class Seats:
    """Room for `most` calls of this process."""

    def __init__(self, most: int) -> None:
        self._free = threading.Semaphore(most)

    @contextmanager
    def taken(self) -> Generator[None]:
        """One of them, for as long as it lasts. Raises Busy at once when there is none: waiting takes a thread."""
        if not self._free.acquire(blocking=False):
            raise Busy("All places for calls that read a whole file are taken.", AGAIN)
        try:
            yield
        finally:
            self._free.release()
