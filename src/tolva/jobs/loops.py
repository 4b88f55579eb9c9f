"""Threads that do something again and again, for as long as something else does."""

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager

Loop = Callable[[threading.Event], None]
"""Goes on until the event is set."""


@contextmanager
def kept_going(loops: Mapping[str, Loop], farewell: float) -> Generator[None]:
    """A thread for each of these, by its name, for as long as the context is open.

    Each has `farewell` in seconds to end. One that takes longer, in a call that hangs, is left to itself.
    """
    stop = threading.Event()
    threads = [threading.Thread(target=loop, args=(stop,), name=name, daemon=True) for name, loop in loops.items()]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(farewell)
