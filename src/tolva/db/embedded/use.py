"""Using the embedded server: it runs from the first user's arrival until after the last one's end."""

import logging
import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tolva.db.embedded import binaries, faults, locks, passwords, state
from tolva.db.embedded.endpoint import Endpoint
from tolva.db.embedded.folder import Folder, open_file, prepare, write_whole
from tolva.db.embedded.spawn import ensure_keeper_of
from tolva.errors import DatabaseUnavailable, TolvaError

WAIT_SECONDS = 120.0
_POLL_SECONDS = 0.02
_WATCH_SECONDS = 1.0
_KEEPERS_MAX = 5

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Embedded:
    """How a running server is reached. Both strings hold a password: never log them."""

    admin_dsn: str = field(repr=False)
    """Superuser `postgres`, database `tolva`: for migrations and supervision only."""
    dsn: str = field(repr=False)
    """Login `tolva`, an ordinary role, database `tolva`."""


@contextmanager
def use(data_dir: Path) -> Generator[Embedded]:
    """The server of this folder, running for as long as the context is open or the process lives.

    Raises SettingsError when it can never run here, DatabaseUnavailable when it does not run now.
    """
    binaries.find()
    until = time.monotonic() + WAIT_SECONDS
    try:
        folder = prepare(data_dir)
        users = open_file(folder, folder.users_lock, os.O_RDWR)
    except OSError as error:
        raise faults.of_folder(error, data_dir) from error
    try:
        _join(users, folder, until)
        server = _reach(folder, until)
        with _watch(folder):
            yield server
    finally:
        os.close(users)


def _join(users: int, folder: Folder, until: float) -> None:
    # Held alone only by a keeper on its way out; the server it stops is not for us any more.
    while not locks.try_shared(users):
        if time.monotonic() > until:
            raise DatabaseUnavailable(f"The embedded PostgreSQL in {folder.path} is still stopping. Try again.")
        time.sleep(_POLL_SECONDS)


def _reach(folder: Folder, until: float) -> Embedded:
    try:
        endpoint = _await_endpoint(folder, until)
        known = passwords.read(folder)
    except OSError as error:
        raise faults.of_folder(error, folder.path) from error
    if known is None:
        raise DatabaseUnavailable(f"The file {folder.passwords} was lost just now. Start again: it is made anew.")
    return Embedded(endpoint.dsn("postgres", known.postgres), endpoint.dsn("tolva", known.tolva))


def _await_endpoint(folder: Folder, until: float) -> Endpoint:
    keepers = 0
    while time.monotonic() < until:
        keepers += ensure_keeper_of(folder)  # first this: only a living keeper's announcement counts
        if keepers > _KEEPERS_MAX:
            raise _silent_death(folder)
        endpoint = state.read(folder)
        if endpoint is not None and endpoint.accepts():  # it may have died since it was announced
            return endpoint
        time.sleep(_POLL_SECONDS)
    said = faults.tail(folder.postgres_log) or faults.tail(folder.keeper_log)
    raise DatabaseUnavailable(
        f"The embedded PostgreSQL in {folder.path} did not get ready within {WAIT_SECONDS:.0f} s; it may still be "
        f"recovering from a crash, so try again. It said last:\n{said}"
    )


def _silent_death(folder: Folder) -> TolvaError:
    """Why keepers die before they could tell: most likely they could not even write that."""
    probe = folder.path / "probe"
    try:
        write_whole(probe, "x" * 10_000, durable=True)
        probe.unlink()
    except OSError as error:
        return faults.of_folder(error, folder.path)
    said = faults.tail(folder.keeper_log)
    return DatabaseUnavailable(f"The keeper of the embedded PostgreSQL in {folder.path} dies. It said last:\n{said}")


@contextmanager
def _watch(folder: Folder) -> Generator[None]:
    """A thread that replaces a keeper which died before its time."""
    leave = threading.Event()

    def look() -> None:
        known = ""
        while not leave.wait(_WATCH_SECONDS):
            try:
                ensure_keeper_of(folder)
                known = ""
            except (TolvaError, OSError) as error:
                if str(error) != known:  # once is enough
                    _logger.warning("Cannot start the keeper of the embedded PostgreSQL: %s", error)
                known = str(error)

    thread = threading.Thread(target=look, name="tolva-embedded-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        leave.set()
        thread.join()
