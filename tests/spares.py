"""Databases of tests: made before they are asked for, and ready again after they were used, both beside the tests."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

SPARE = 2
"""So many are ready or on their way when one is taken."""


class Spares:
    """Copies of one template on one server."""

    def __init__(self, make: Callable[[], str], again: Callable[[str], str], drop: Callable[[str], None]) -> None:
        """`again` takes one that was used, and answers with one that may be."""
        self._make = make
        self._again = again
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
        """Drop all that nobody has. Raises the first thing that went wrong."""
        self._beside.shutdown()
        failed = [error for coming in self._coming if (error := coming.exception())]
        for coming in self._coming:
            if not coming.exception():
                self._drop(coming.result())
        if failed:
            raise failed[0]
