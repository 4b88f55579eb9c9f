"""What a killed keeper or postmaster left running on our data, and ending it.

We never adopt a postmaster: a new keeper ends what it finds and starts its own, whose death it will notice.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tolva.db.embedded.folder import Folder

# Fast shutdown, which ends sessions and writes a checkpoint; then, if that hangs, without; then by force.
_ESCALATION = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
_POLL_SECONDS = 0.02


def clear(folder: Folder) -> None:
    """End a postmaster of a former keeper, and the backends of a postmaster that died."""
    pid = _recorded_pid(folder)
    if pid is not None and _is_of(folder, pid):
        end(pid, lambda: _is_of(folder, pid))
    clear_backends(folder)
    if pid is not None and _is_alive(pid):
        # The number went to another process, as after a reboot, or nobody buries the dead one, as in some
        # containers. PostgreSQL would take it for a server that runs.
        (folder.data / "postmaster.pid").unlink(missing_ok=True)
        for lock in folder.path.glob(".s.PGSQL.*.lock"):
            lock.unlink()


def clear_backends(folder: Folder) -> None:
    """End what still runs on the data after its postmaster is dead; nothing of it can be of use any more.

    Idle backends notice by themselves; one in the middle of a long computation would not for as long as it lasts.
    """
    for pid in _on_data(folder):
        end(pid, lambda pid=pid: pid in _on_data(folder), ((signal.SIGQUIT, 2.0), (signal.SIGKILL, 10.0)))


def end(
    pid: int, is_alive: Callable[[], bool], escalation: tuple[tuple[signal.Signals, float], ...] = _ESCALATION
) -> None:
    """Signal a process ever more firmly until it is gone."""
    for number, patience in escalation:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        until = time.monotonic() + patience
        while time.monotonic() < until:
            if not is_alive():
                return
            time.sleep(_POLL_SECONDS)


def _recorded_pid(folder: Folder) -> int | None:
    try:
        return int((folder.data / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_of(folder: Folder, pid: int) -> bool:
    if Path("/proc/self/cwd").exists():
        return pid in _on_data(folder)
    command = ["/bin/ps", "-o", "args=", "-p", str(pid)]
    shown = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603
    return str(folder.data) in shown.stdout


def _on_data(folder: Folder) -> list[int]:
    """PostgreSQL's processes on our data, which all work in that folder. Empty where there is no /proc."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _is_server(entry, folder.data)]


def _is_server(process: Path, data: Path) -> bool:
    try:
        named = (process / "comm").read_text().strip() == "postgres"
        # A zombie has no folder any more, so it does not count.
        return named and (process / "cwd").samefile(data)
    except OSError:
        return False
