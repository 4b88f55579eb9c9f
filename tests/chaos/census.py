"""Who runs: the processes of one `tolva up`, of its PostgreSQL, and of a worker."""

import signal
from contextlib import suppress
from pathlib import Path

import psutil

Process = psutil.Process

TRACKER = "multiprocessing.resource_tracker"
GONE = (psutil.NoSuchProcess, psutil.AccessDenied, ProcessLookupError)


def marked(name: str, value: str) -> list[Process]:
    """Processes that inherited this variable, without the tracker that multiprocessing runs for the tests."""
    found = [process for process in psutil.process_iter() if _variable(process, name) == value]
    return [process for process in found if TRACKER not in " ".join(command(process))]


def working_in(folder: Path) -> list[Process]:
    """PostgreSQL's processes and its keeper in this data folder."""
    return [process for process in psutil.process_iter() if _works_in(process, folder)]


def children(process: Process) -> list[Process]:
    """The Python processes that this one started, without the tracker that multiprocessing adds."""
    try:
        return [child for child in process.children() if TRACKER not in " ".join(command(child))]
    except GONE:
        return []


def listens(process: Process) -> bool:
    """Whether it holds a listening TCP socket, as the API does."""
    try:
        return any(each.status == psutil.CONN_LISTEN for each in process.net_connections("tcp"))
    except GONE:
        return False


def keepers(data_dir: Path) -> list[Process]:
    """The keeper of the PostgreSQL in this folder."""
    wanted = {"tolva.db.embedded.keeper", str(data_dir / "postgres")}
    return [process for process in psutil.process_iter() if wanted <= set(command(process))]


def postmasters(data_dir: Path) -> list[Process]:
    """The postmaster in this folder, found by its own note."""
    try:
        noted = (data_dir / "postgres" / "data" / "postmaster.pid").read_text().splitlines()
        return [Process(int(noted[0]))]
    except (OSError, IndexError, ValueError, *GONE):
        return []


def kill(process: Process) -> None:
    """End it at once; it may be gone already."""
    send(process, signal.SIGKILL)


def send(process: Process, number: signal.Signals) -> None:
    """Signal a process that may be gone already."""
    with suppress(*GONE):
        process.send_signal(number)


def _works_in(process: Process, folder: Path) -> bool:
    with suppress(*GONE, OSError):
        if process.name() == "postgres":
            return Path(process.cwd()).is_relative_to(folder)
        return str(folder / "postgres") in command(process)
    return False


def _variable(process: Process, name: str) -> str | None:
    with suppress(*GONE):
        return process.environ().get(name)
    return None


def command(process: Process) -> list[str]:
    with suppress(*GONE):
        return process.cmdline()
    return []
