"""Ports for programs that cannot take whichever is free."""

import random
import socket

RANGE = range(20_000, 32_768)
"""Below those that the system gives to whoever calls out."""


def free_port() -> int:
    """One on which nobody listens now."""
    for port in random.sample(RANGE, 100):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if listener.connect_ex(("127.0.0.1", port)) == 0:
                continue
        return port
    raise AssertionError("no port is free")
