"""The end that a signal asks for."""

import signal
import threading
from collections.abc import Callable


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: object) -> None:
        if not stop.is_set():
            # In a thread: the signal may have come while this one was inside a lock of the event.
            threading.Thread(target=stop.set).start()
            signal.signal(
                signal.SIGINT, signal.SIG_IGN
            )  # else Ctrl-C again could break off the last of an end in order

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    return stop


def on_stop(stop: threading.Event, give_up: Callable[[], object]) -> None:
    """Call `give_up` when `stop` is set, if this process lives so long."""

    def wait() -> None:
        stop.wait()
        give_up()

    threading.Thread(target=wait, name="stop", daemon=True).start()
