"""Where the server listens: a socket in its folder, or a port on loopback where the path is too long for one."""

import os
import random
import socket
import sys
from dataclasses import dataclass
from urllib.parse import quote

from tolva.db.embedded.folder import Folder, write_whole

DATABASE = "tolva"

# sizeof(sockaddr_un.sun_path) less the closing zero.
_SOCKET_PATH_MAX = 107 if sys.platform == "linux" else 103
_SOCKET_PORT = 5432  # no port, only a part of the socket's name

# Below the range from which the systems take the ports of outgoing connections.
_PORTS = range(20_000, 32_768)


@dataclass(frozen=True)
class Endpoint:
    """`host` is a folder that holds the socket, or an address."""

    host: str
    port: int

    @property
    def is_socket(self) -> bool:
        """Whether it is reached by a socket in a folder."""
        return self.host.startswith("/")

    def accepts(self) -> bool:
        """Whether somebody listens there now."""
        family = socket.AF_UNIX if self.is_socket else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.settimeout(1)
            try:
                probe.connect(f"{self.host}/.s.PGSQL.{self.port}" if self.is_socket else (self.host, self.port))
            except OSError:
                return False
        return True

    def dsn(self, login: str, password: str) -> str:
        """A connection string; holds the password."""
        if self.is_socket:
            return f"postgresql://{login}:{password}@/{DATABASE}?host={quote(self.host, safe='')}&port={self.port}"
        # Who else may have taken the port must prove to know the password before it is told anything.
        return f"postgresql://{login}:{password}@{self.host}:{self.port}/{DATABASE}?require_auth=scram-sha-256"


def choose(folder: Folder) -> Endpoint:
    """Where the server of this folder shall listen. Once it took a port, it keeps that while it is free."""
    path = str(folder.path)
    name = os.fsencode(f"{path}/.s.PGSQL.{_SOCKET_PORT}")
    remembered = folder.port.read_text() if folder.port.exists() else ""
    # Clients take a comma for a list of hosts; PostgreSQL takes a quote for one around a folder.
    if not remembered and len(name) <= _SOCKET_PATH_MAX and not set(path) & set(',"'):
        return Endpoint(path, _SOCKET_PORT)
    if remembered.isdigit() and _is_free(int(remembered)):
        return Endpoint("127.0.0.1", int(remembered))
    return Endpoint("127.0.0.1", take_new_port(folder))


def take_new_port(folder: Folder) -> int:
    """Another port from now on, also instead of a socket where the file system of the folder knows none."""
    shuffled = random.sample(_PORTS, len(_PORTS))
    port = next(port for port in shuffled if _is_free(port))
    write_whole(folder.port, str(port))
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
