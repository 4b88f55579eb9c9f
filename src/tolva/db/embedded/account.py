"""The operating system's user that PostgreSQL runs as: never root, which PostgreSQL refuses."""

import os
import pwd
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tolva.errors import SettingsError

# Who runs it when we are root, the first that exists. `nobody` is the last since others may run as it too.
SERVICE_USERS = ("tolva", "postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user of the operating system, by its numbers."""

    uid: int
    gid: int

    @property
    def name(self) -> str:
        """Its name, or its number where it has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)


def choose(parent: Path) -> Account:
    """Who shall own a new folder in `parent`: we ourselves; as root whose parent it is, or the first service user.

    Raises SettingsError when all of these are root.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if parent.stat().st_uid != 0:
        return owner_of(parent)
    for name in SERVICE_USERS:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(user.pw_uid, user.pw_gid)
    raise SettingsError(
        f"PostgreSQL does not run as root, and none of the users {', '.join(SERVICE_USERS)} exists. "
        "Make one (useradd --system tolva), or start Tolva as an ordinary user."
    )


def owner_of(folder: Path) -> Account:
    """Who owns an existing folder."""
    status = folder.stat()
    try:
        return Account(status.st_uid, pwd.getpwuid(status.st_uid).pw_gid)
    except KeyError:
        return Account(status.st_uid, status.st_gid)


def become(account: Account) -> None:
    """Be that user from now on, for good; nothing happens when we are it. Only for a process of our own."""
    if os.geteuid() == account.uid:
        return
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)


def can(account: Account, attempt: Callable[[], object]) -> bool:
    """Whether that user succeeds at `attempt`, tried in a child: exact where mode bits tell half (ACLs, mounts).

    Forks, so only for a process with one thread.
    """
    child = os.fork()
    if child == 0:
        status = 1
        try:
            become(account)
            attempt()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] == 0


def blocker(account: Account, path: Path) -> Path | None:
    """The topmost folder on the way to `path` that this user may not enter, or None."""
    on_the_way = [*reversed(path.parents), path]
    return next((folder for folder in on_the_way if not can(account, partial(os.stat, f"{folder}/."))), None)
