"""A cable to PostgreSQL that breaks: at the worst moment, after the server did something and before anybody hears of
it, or for as long as the test likes.
"""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from psycopg.conninfo import conninfo_to_dict, make_conninfo

SIZE = 65_536


class Proxy:
    """Passes everything on, until one request holds `cue`: that is passed on too, but its answer is lost."""

    def __init__(self, dsn: str, cue: bytes) -> None:
        self._target = conninfo_to_dict(dsn)
        self._cue = cue
        self._door = socket.create_server(("127.0.0.1", 0))
        here = {"host": "127.0.0.1", "port": self._door.getsockname()[1], "sslmode": "disable", "gssencmode": "disable"}
        self.dsn = make_conninfo(**self._target | here)
        self.lost = False
        """Whether the answer was lost already."""
        self._is_cut = False
        self._lines: list[socket.socket] = []

    def serve(self) -> None:
        """Until the door is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                if self._is_cut:
                    client.close()
                    continue
                self._lines.append(client)
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and let no new one through."""
        self._is_cut = True
        for line in self._lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self._lines.clear()

    def mend(self) -> None:
        """Let new connections through again."""
        self._is_cut = False

    def close(self) -> None:
        """Let nobody in any more."""
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _pass_on(self, client: socket.socket) -> None:
        with client, self._reach() as server, selectors.DefaultSelector() as ready, suppress(OSError):
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            breaks = False
            while True:
                for key, _ in ready.select():
                    data = key.fileobj.recv(SIZE)
                    if not data or (breaks and key.fileobj is server):
                        return
                    if key.fileobj is client and not self.lost and self._cue in data:
                        self.lost = breaks = True
                    key.data.sendall(data)

    def _reach(self) -> socket.socket:
        host, port = str(self._target["host"]), self._target["port"]
        if not host.startswith("/"):
            return socket.create_connection((host, int(port)))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server


@contextmanager
def run_proxy(dsn: str, lose_answer_to: bytes) -> Iterator[Proxy]:
    """A proxy to the server of this connection string."""
    proxy = Proxy(dsn, lose_answer_to)
    thread = threading.Thread(target=proxy.serve, name="proxy")
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()
