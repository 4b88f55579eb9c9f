"""The next item is made while the present one is worked on."""

import threading
from collections.abc import Generator, Iterator
from queue import Full, Queue
from typing import TypeVar

Item = TypeVar("Item")

PAUSE = 0.1
"""Seconds between looks whether anybody still wants the items."""


class _End:
    """The last thing in the queue; `error` is what ended the source, if anything did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(items: Iterator[Item]) -> Generator[Item]:
    """The items, made in a thread of their own and at most one ahead. What raises there raises here.

    Close it when you want no more: the thread ends with that.

    >>> list(ahead(iter([1, 2, 3])))
    [1, 2, 3]
    """
    made: Queue[Item | _End] = Queue(maxsize=1)
    stop = threading.Event()
    thread = threading.Thread(target=_make, args=(items, made, stop), name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := made.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        thread.join()


def _make(items: Iterator[Item], made: "Queue[Item | _End]", stop: threading.Event) -> None:
    end = _End()
    try:
        for item in items:
            if not _put(made, item, stop):
                return
    except BaseException as error:
        end = _End(error)
    _put(made, end, stop)


def _put(made: "Queue[Item | _End]", item: "Item | _End", stop: threading.Event) -> bool:
    """Whether somebody took it."""
    while not stop.is_set():
        try:
            made.put(item, timeout=PAUSE)
        except Full:
            continue
        return True
    return False
