"""Databases of tests: made before they are asked for, and ready again after they were used, both beside the tests."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

SPARE = 2
"""So many are ready or on their way when one is taken."""


class Spares:
    """Copies of one template on one server. One that was used is emptied, or another one is made where that fails."""

    def __init__(self, make: Callable[[], str], empty: Callable[[str], bool], drop: Callable[[str], None]) -> None:
        self._make = make
        self._empty = empty
        self._drop = drop
        self._beside = ThreadPoolExecutor(1, "spares")
        self._coming: deque[Future[str]] = deque()

    def take(self) -> str:
        """The name of one that is as the template is."""
        while len(self._coming) < SPARE:
            self._coming.append(self._beside.submit(self._make))
        return self._coming.popleft().result()

    def give_back(self, name: str) -> None:
        """Make one ready again soon. What goes wrong is raised when it is taken next, or by `close`."""
        self._coming.append(self._beside.submit(self._again, name))

    def close(self) -> None:
        """Drop all that nobody has."""
        for coming in self._coming:
            self._drop(coming.result())
        self._beside.shutdown()

    def _again(self, name: str) -> str:
        if self._empty(name):
            return name
        self._drop(name)
        return self._make()
