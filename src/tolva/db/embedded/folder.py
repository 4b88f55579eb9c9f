"""The folder `<data_dir>/postgres`: what is in it, and making it."""

import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tolva.db.embedded import account
from tolva.db.embedded.account import Account
from tolva.errors import SettingsError

LOG_MAX_BYTES = 10_000_000


@dataclass(frozen=True)
class Folder:
    """Everything the embedded server has on disk. Belongs to `owner`, who runs PostgreSQL."""

    path: Path
    owner: Account

    @property
    def data(self) -> Path:
        """PGDATA. Under this name only when it is whole and on the disk."""
        return self.path / "data"

    @property
    def users_lock(self) -> Path:
        """Held shared by every process that uses the server."""
        return self.path / "users.lock"

    @property
    def keeper_lock(self) -> Path:
        """Held by the one keeper."""
        return self.path / "keeper.lock"

    @property
    def state(self) -> Path:
        """What the keeper last announced."""
        return self.path / "state"

    @property
    def passwords(self) -> Path:
        """Passwords of the two logins."""
        return self.path / "passwords"

    @property
    def port(self) -> Path:
        """The TCP port of last time, where a socket will not do."""
        return self.path / "port"

    @property
    def keeper_log(self) -> Path:
        """What the keeper did."""
        return self.path / "keeper.log"

    @property
    def postgres_log(self) -> Path:
        """What PostgreSQL said."""
        return self.path / "postgres.log"


def prepare(data_dir: Path) -> Folder:
    """The folder below `data_dir`, made when absent. Raises SettingsError when it is somebody else's, or OSError."""
    path = data_dir.absolute() / "postgres"
    if not path.exists() or (path.stat().st_uid == 0 and os.geteuid() == 0):
        _make(path)
    folder = Folder(path, account.owner_of(path))
    if os.geteuid() not in (0, folder.owner.uid):
        raise SettingsError(
            f"The folder {path} belongs to the user {folder.owner.name}. "
            "Start Tolva as that user, or choose another folder with --data-dir or TOLVA_DATA_DIR."
        )
    return folder


def open_file(folder: Folder, path: Path, flags: int) -> int:
    """A descriptor of a file in the folder, made when absent, for the folder's owner alone. Raises OSError."""
    flags |= os.O_NOFOLLOW
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags)
    # Only of a file that we made this very moment: one that stood there may be a link to something of root's.
    if os.geteuid() != folder.owner.uid:
        os.fchown(descriptor, folder.owner.uid, folder.owner.gid)
    return descriptor


def write_whole(path: Path, text: str, durable: bool = False) -> None:
    """Replace a file, so that readers see the old or the new one, never a part; `durable`: a power cut too."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
        if durable:
            stream.flush()
            os.fsync(stream.fileno())
    fresh.replace(path)
    if durable:
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Put the names in a folder on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def bound_log(log: Path) -> None:
    """Start a log anew that grew too large, with one copy of the old. Its writers append, so they notice nothing."""
    if log.exists() and log.stat().st_size > LOG_MAX_BYTES:
        with suppress(OSError):  # on a full disk rather without the copy
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)


def _make(path: Path) -> None:
    _make_parents(path.parent)
    owner = account.choose(path.parent)
    fresh = Path(tempfile.mkdtemp(prefix=".postgres-", dir=path.parent))
    try:
        if os.geteuid() != owner.uid:
            os.chown(fresh, owner.uid, owner.gid, follow_symlinks=False)
        # Replaces an empty folder (one of root's would be of no use) and fails on any other.
        fresh.rename(path)
    except OSError as error:
        fresh.rmdir()
        if not path.exists():
            raise
        if path.stat().st_uid == 0:
            raise SettingsError(
                f"The folder {path} belongs to root, and PostgreSQL does not run as root. "
                f"Remove it, or give it to the user {owner.name}."
            ) from error


def _make_parents(path: Path) -> None:
    if path.exists():
        return
    _make_parents(path.parent)
    path.mkdir(mode=0o755, exist_ok=True)
    # A folder that we make as root, under whatever umask, must let the server's user through.
    if os.geteuid() == 0:
        path.chmod(0o711)
