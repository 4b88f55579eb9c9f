"""Databases of tests: made before they are asked for, dropped after they were used, both beside the tests."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class Spares:
    """Copies of one template on one server: one is always ready, or on its way."""

    def __init__(self, make: Callable[[], str], drop: Callable[[str], None]) -> None:
        self._make = make
        self._drop = drop
        self._beside = ThreadPoolExecutor(1, "spares")
        self._ready: deque[Future[str]] = deque()
        self._dropped: list[Future[None]] = []

    def take(self) -> str:
        """The name of a fresh one."""
        self._ready.append(self._beside.submit(self._make))
        if len(self._ready) == 1:
            self._ready.append(self._beside.submit(self._make))
        return self._ready.popleft().result()

    def drop(self, name: str) -> None:
        """Drop one soon. What goes wrong is raised by `close`."""
        self._dropped.append(self._beside.submit(self._drop, name))

    def close(self) -> None:
        """Drop what nobody took, and see that all the others were dropped."""
        for spare in self._ready:
            self.drop(spare.result())
        self._beside.shutdown()
        for each in self._dropped:
            each.result()
