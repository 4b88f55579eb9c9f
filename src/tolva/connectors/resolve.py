"""The addresses of a name, within a time: the look-up of the system has none that one could set."""

import socket
import threading
from concurrent.futures import Future


def resolve(host: str, port: int, timeout: float) -> list[str]:
    """The addresses of a name, each once, in the order in which they are best tried. `timeout` in seconds.

    Raises TimeoutError; UnicodeError for what is no name; OSError when it has no address.
    """
    found: Future[list[str]] = Future()
    # A thread that is let go, not one of a pool: a pool would wait for it when the process ends.
    threading.Thread(target=_look_up, args=(host, port, found), name="resolve", daemon=True).start()
    return found.result(timeout)


def _look_up(host: str, port: int, found: Future[list[str]]) -> None:
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in infos))
    except Exception as error:  # raised again where it is waited for
        found.set_exception(error)
    else:
        found.set_result(addresses)
