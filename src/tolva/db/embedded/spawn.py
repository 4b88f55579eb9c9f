"""Starting the keeper, exactly one."""

import os
import subprocess
import sys
from pathlib import Path

import tolva
from tolva.db.embedded import faults, locks, state
from tolva.db.embedded.folder import Folder, open_file, prepare
from tolva.errors import DatabaseUnavailable


def ensure_keeper(data_dir: Path) -> None:
    """Start a keeper unless one lives. Cheap, so call it whenever the server of `data_dir` does not answer.

    Raises SettingsError when the folder cannot be used, DatabaseUnavailable when no process can be started.
    """
    try:
        ensure_keeper_of(prepare(data_dir))
    except OSError as error:
        raise faults.of_folder(error, data_dir) from error


def ensure_keeper_of(folder: Folder) -> bool:
    """The same for a prepared folder; says whether there was none. Raises OSError too."""
    lock = open_file(folder, folder.keeper_lock, os.O_RDWR)
    try:
        if not locks.try_alone(lock):
            return False
        # The lock goes from hand to hand: it is never free between us and the keeper, so there is never
        # a second one, and while it is held the announcement is of the one who holds it.
        state.withdraw(folder)
        _spawn(folder, lock)
        return True
    finally:
        os.close(lock)


def _spawn(folder: Folder, lock: int) -> None:
    log = open_file(folder, folder.keeper_log, os.O_WRONLY | os.O_APPEND)
    logged = os.fstat(log).st_size
    try:
        starter = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "tolva.db.embedded.keeper", str(folder.path), str(lock)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=os.environ | {"PYTHONPATH": _module_path()},
            pass_fds=(lock,),
            start_new_session=True,
        )
    except OSError as error:
        raise DatabaseUnavailable(f"Cannot start {sys.executable}: {error.strerror}.") from error
    finally:
        os.close(log)
    # The starter forks the keeper and leaves at once. Where somebody killed it, the next call starts another.
    if starter.wait() > 0:
        said = faults.tail(folder.keeper_log, since=logged)
        raise DatabaseUnavailable(f"The keeper of the embedded PostgreSQL does not start. It said:\n{said}")


def _module_path() -> str:
    """Where this very package lies, for the keeper works in another folder than we."""
    here = str(Path(tolva.__file__).absolute().parent.parent)
    return os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
