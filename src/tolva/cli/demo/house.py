"""The house of the demonstration: what `tolva up` starts, for as long as the context is open."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tolva import app
from tolva.app import Server
from tolva.serve.together import serve_all
from tolva.settings import Settings, load_settings
from tolva.web.server.listener import listen, url_of


@dataclass(frozen=True)
class House:
    """Everything runs, or is about to: the API's address, and the database behind it."""

    url: str
    server: Server


def demo_settings(data_dir: Path | None) -> Settings:
    """A folder of its own, the embedded PostgreSQL whatever DATABASE_URL says, a free port, and a quiet log."""
    given = load_settings()
    folder = data_dir.absolute() if data_dir else Path(f"{given.data_dir}-demo")
    own = {"data_dir": folder, "database_url": None, "host": "127.0.0.1", "port": 0, "log_level": "ERROR"}
    return given.model_copy(update=own | {"engine": "postgres", "processes": 1})


@contextmanager
def house(settings: Settings) -> Generator[House]:
    """Start PostgreSQL, API and worker; end them in the reverse order. Raises what `tolva up` raises."""
    listener, stop = listen(settings), threading.Event()
    with app.server(settings) as server:
        app.bring_up_to_date(server)
        thread = threading.Thread(target=serve_all, args=(settings, listener, stop), name="house")
        thread.start()
        try:
            yield House(url_of(listener), server)
        finally:
            stop.set()
            thread.join()
            listener.close()
