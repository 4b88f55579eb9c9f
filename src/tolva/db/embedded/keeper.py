"""The process that keeps the server running while anybody uses it, and stops it afterwards.

Started by spawn.py as `python -m tolva.db.embedded.keeper FOLDER LOCK`, where LOCK is the descriptor of
keeper.lock, already locked. It depends on nobody's goodbye: the lock on users.lock says whether it is needed.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tolva.db.embedded import account, cluster, faults, folder, leftovers, locks, postmaster, state
from tolva.db.embedded.binaries import Binaries
from tolva.db.embedded.descend import descend
from tolva.db.embedded.folder import Folder
from tolva.db.embedded.postmaster import Postmaster
from tolva.errors import TolvaError

LINGER_SECONDS = 1.0  # so that commands one after the other share one run of the server
_POLL_SECONDS = 0.1
_HEALTHY_SECONDS = 10.0
_RETRY_SECONDS = 5.0


def main() -> None:
    """Leave the starter behind, step down to the folder's owner, and keep."""
    path, lock = Path(sys.argv[1]), int(sys.argv[2])
    if os.fork():
        os._exit(0)  # so that the starter has no child to wait for
    os.set_inheritable(lock, False)
    signal.signal(signal.SIGTERM, _end)
    place = Folder(path, account.owner_of(path))
    users = folder.open_file(place, place.users_lock, os.O_RDWR)
    try:
        binaries = descend(place)
        folder.bound_log(place.keeper_log)
        leftovers.clear(place)
    except (TolvaError, OSError) as error:
        _refuse(place, error)
        _falls_idle(users, patience=_RETRY_SECONDS, linger=0)  # let those who wait read it before we are gone
    else:
        keep(place, binaries, users)


def keep(place: Folder, binaries: Binaries, users: int) -> None:
    """Run the server, again after each failure, until nobody is left who uses it."""
    delays = _backoff()
    needed = True
    while needed:
        started = time.monotonic()
        try:
            cluster.ensure(place, binaries)
            server = postmaster.start(place, binaries)
        except (TolvaError, OSError) as error:
            _refuse(place, error)
        else:
            needed = _serve(server, users)
        if time.monotonic() - started > _HEALTHY_SECONDS:
            delays = _backoff()
        needed = needed and not _falls_idle(users, patience=next(delays), linger=0)


def _serve(server: Postmaster, users: int) -> bool:
    """Watch over a running server. True when it died under its users, False when it was stopped after the last."""
    place = server.folder
    _log(f"PostgreSQL runs as process {server.process.pid}.")
    try:
        state.announce(place, server.endpoint)
        while server.runs:
            if _falls_idle(users, patience=_POLL_SECONDS, linger=LINGER_SECONDS):
                _log("Nobody uses PostgreSQL any more.")
                return False
            folder.bound_log(place.postgres_log)
    finally:
        state.withdraw(place)
        server.stop()
    _log(f"PostgreSQL ended by itself (status {server.process.returncode}).")
    return True


def _falls_idle(users: int, patience: float, linger: float) -> bool:
    """Whether the users' lock came free and stayed so. If so it is ours now, and newcomers wait until we are gone."""
    until = time.monotonic() + patience
    while not locks.try_alone(users):
        if time.monotonic() >= until:
            return False
        time.sleep(min(_POLL_SECONDS, patience))
    since = time.monotonic()
    while time.monotonic() - since < linger:
        locks.release(users)
        time.sleep(_POLL_SECONDS)
        if not locks.try_alone(users):
            return False
    return True


def _backoff() -> Iterator[float]:
    delay = 0.05
    while True:
        yield delay
        delay = min(delay * 2, _RETRY_SECONDS)


def _refuse(place: Folder, error: TolvaError | OSError) -> None:
    """Tell those who wait why there is no server."""
    fault = error if isinstance(error, TolvaError) else faults.of_folder(error, place.path)
    _log(str(fault))
    state.announce_fault(place, fault)


def _end(_number: int, _frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(0)


def _log(message: str) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with suppress(OSError):  # a full disk must not end us, and the server with us
        print(at, f"[{os.getpid()}]", message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
