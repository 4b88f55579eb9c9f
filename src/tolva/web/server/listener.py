"""The socket of the API, which several processes can share."""

import socket

from tolva.errors import SettingsError
from tolva.settings import Settings

BACKLOG = 2048
"""Connections that wait until the API takes them."""
SILENCE = 60.0
"""Seconds after which a client that takes none of what waits for it, or is gone without a word, is given up."""


def listen(settings: Settings) -> socket.socket:
    """The API's socket. Raises SettingsError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"Cannot listen on {settings.host}, port {settings.port}: {error.strerror}. "
            "Choose another with --port or TOLVA_PORT (0 takes a free one), or end the program that has it."
        ) from error
    # After the bind, which is to fail where somebody else listens; before `listen`, so that others may join.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    _begin(listener)
    return listener


def listen_beside(listener: socket.socket) -> socket.socket:
    """Another socket at the same address, for another process: the kernel shares the connections out."""
    other = socket.socket(listener.family, listener.type)
    # Else its connections, for a minute after they have ended, keep the next start from the address.
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    other.bind(listener.getsockname())
    _begin(other)
    return other


def _begin(listener: socket.socket) -> None:
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; its connections inherit it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(SILENCE * 1000))
    listener.listen(BACKLOG)


def url_of(listener: socket.socket) -> str:
    """Where a browser on this machine finds the API."""
    host, port = listener.getsockname()[:2]
    return f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}"  # noqa: S104 -- read, not bound
