"""What the operating system or PostgreSQL complained about, said in our words and with the remedy."""

import errno
import re
from pathlib import Path

from tolva.errors import DatabaseUnavailable, SettingsError, TolvaError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_ELSEWHERE = "choose another folder with --data-dir or TOLVA_DATA_DIR"

# What PostgreSQL prints while another server, or the rest of a killed one, still holds the data.
STILL_HELD = re.compile(r"pre-existing shared memory block|lock file .* already exists")
CANNOT_LISTEN = re.compile(r"could not bind|could not create any")


def of_folder(error: OSError, folder: Path) -> TolvaError:
    """The fault behind an OSError met while working in `folder`."""
    if error.errno in _FULL:
        return _disk_full(folder)
    reason = error.strerror or type(error).__name__
    return SettingsError(f"The data folder {folder} cannot be used: {reason}. Make it writable or {_ELSEWHERE}.")


def of_output(output: str, folder: Path) -> TolvaError:
    """The fault behind what initdb or PostgreSQL printed before it gave up."""
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return _disk_full(folder)
    if "could not look up effective user ID" in output:
        return SettingsError(
            "PostgreSQL needs a user with a name, but the present user id has no entry in /etc/passwd. "
            "Add one, run as another user, or set DATABASE_URL."
        )
    if "Permission denied" in output or "Read-only file system" in output:
        return SettingsError(
            f"PostgreSQL may not write everywhere in {folder}. Give the whole folder to one user or "
            f"{_ELSEWHERE}. It said:\n{output}"
        )
    said = output.strip() or "(nothing)"
    return DatabaseUnavailable(f"The embedded PostgreSQL in {folder} does not start. It said:\n{said}")


def tail(log: Path, since: int = 0, lines: int = 15) -> str:
    """The last lines that were added to `log` after byte `since`; empty when it cannot be read."""
    try:
        with log.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(since if since <= size else 0, size - 64_000))
            return "\n".join(stream.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _disk_full(folder: Path) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"The disk under {folder} is full, so PostgreSQL cannot run. Free some space and start again, or {_ELSEWHERE}."
    )
