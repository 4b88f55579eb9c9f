"""Making the data folder (PGDATA), in one step that either happened or did not."""

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tolva.db.embedded import faults, passwords, programs
from tolva.db.embedded.binaries import Binaries
from tolva.db.embedded.endpoint import DATABASE
from tolva.db.embedded.folder import Folder, sync_folder
from tolva.db.embedded.passwords import Passwords
from tolva.errors import SettingsError

_INITDB = (
    "--username=postgres",
    "--auth=reject",  # until config.py says who may come in
    "--encoding=UTF8",
    # Collation out of PostgreSQL itself, so an upgrade of the system cannot spoil an index.
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--no-sync",  # all at once at the end
    "--no-instructions",
)
_CREATE = ("CREATE ROLE tolva LOGIN", f"CREATE DATABASE {DATABASE}")


def ensure(folder: Folder, binaries: Binaries) -> None:
    """A data folder that this PostgreSQL can serve, with both logins. Raises a TolvaError or OSError."""
    for left in folder.path.glob("initdb-*"):  # of one that was interrupted
        shutil.rmtree(left, ignore_errors=True)
    if not folder.data.exists():
        _make(folder, binaries)
    _refuse_other_version(folder, binaries)
    if passwords.read(folder) is None:
        fresh = passwords.make()
        _single_user(binaries, folder.data, _login_sql(fresh))
        passwords.keep(folder, fresh)


def _make(folder: Folder, binaries: Binaries) -> None:
    fresh, logins = Path(tempfile.mkdtemp(prefix="initdb-", dir=folder.path)), passwords.make()
    try:
        _run(binaries, fresh, ["initdb", "-D", str(fresh), *_INITDB])
        _single_user(binaries, fresh, [*_CREATE, *_login_sql(logins)])
        _run(binaries, fresh, ["initdb", "-D", str(fresh), "--sync-only"])
        passwords.keep(folder, logins)
        fresh.rename(folder.data)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    sync_folder(folder.path)


def _login_sql(logins: Passwords) -> list[str]:
    return [f"ALTER ROLE {login} PASSWORD '{getattr(logins, login)}'" for login in ("postgres", "tolva")]


def _single_user(binaries: Binaries, data: Path, statements: list[str]) -> None:
    """Run statements, one a line, without a server that anybody could reach."""
    lines = "".join(f"{statement}\n" for statement in statements)
    _run(binaries, data, ["postgres", "--single", "-D", str(data), "-c", "exit_on_error=on", "postgres"], lines)


def _run(binaries: Binaries, data: Path, command: list[str], given: str = "") -> None:
    path = str(binaries.program(command[0]))
    with programs.spawn([path, *command[1:]], data, signal.SIGKILL, subprocess.PIPE, subprocess.PIPE) as process:
        try:
            said, _ = process.communicate(given)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise faults.of_output("\n".join(said.splitlines()[-15:]), data.parent)


def _refuse_other_version(folder: Folder, binaries: Binaries) -> None:
    version = (folder.data / "PG_VERSION").read_text().strip()
    if version != binaries.major:
        raise SettingsError(
            f"The data in {folder.data} is of PostgreSQL {version}, but the installed one is {binaries.major}. "
            f"To go on with it, run the Tolva that made it, pg_dump there, and restore into a new folder; "
            f"or choose another folder with --data-dir or TOLVA_DATA_DIR."
        )
