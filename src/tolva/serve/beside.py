"""Something that runs in a thread for as long as something else does."""

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager


@contextmanager
def beside(give_up: Callable[[], object], run: Callable[..., None], *args: object) -> Generator[None]:
    """Run something in a thread until the context ends; its last argument is the event that ends it.

    When it fails, `give_up` is called, which is to end the context, and this raises what it raised.
    """
    stop, faults = threading.Event(), list[BaseException]()

    def work() -> None:
        try:
            run(*args, stop)
        except BaseException as error:
            faults.append(error)
            give_up()

    thread = threading.Thread(target=work, name=run.__name__)
    thread.start()
    try:
        yield
    finally:
        with _uninterrupted():
            stop.set()
            thread.join()
        if faults:
            raise faults[0]


@contextmanager
def _uninterrupted() -> Generator[None]:
    """What ends has its own grace time, and would be left behind if a second Ctrl-C, or `give_up`, ended this first."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
