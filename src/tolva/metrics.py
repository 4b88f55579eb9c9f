"""What the processes of one machine count, in files of one folder, from which any of them can tell it all.

This is the multiprocess mode of prometheus_client, which decides for it when it is imported: so the import waits here
until `count_in` was called. Without that call (in a command, in a test) figures stay in the process.
"""

import fcntl
import logging
import os
import shutil
import socket
import time
from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram, Metric

log = logging.getLogger(__name__)

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
KINDS = ("counter", "histogram")
ROOM = 1 << 20
"""Bytes for each kind."""
FORGOTTEN = 7 * 86_400
"""Seconds after which the figures of a machine that is silent are deleted."""
NOBODY = "999999999"
"""A process id that no system gives."""
GONE = "0"
"""Stands for all processes that have ended, where the name of a file has a process id."""


def counter(name: str, meaning: str, labels: Sequence[str]) -> "Counter":
    """A counter of this process. Make each once."""
    from prometheus_client import Counter  # noqa: PLC0415 -- see above

    return Counter(name, meaning, labels, registry=None)


def histogram(name: str, meaning: str, labels: Sequence[str], bounds: Sequence[float]) -> "Histogram":
    """A histogram of this process, in seconds. Make each once."""
    from prometheus_client import Histogram  # noqa: PLC0415 -- see above

    return Histogram(name, meaning, labels, registry=None, buckets=bounds)


def count_in(folder: Path) -> None:
    """Keep the figures of this process there. What ended processes counted is added up, or dropped if nobody is left.

    A folder may be shared by several machines, whose process ids mean nothing to each other.
    """
    here = folder / socket.gethostname()
    try:
        here.mkdir(parents=True, exist_ok=True)
        for kind in KINDS:
            _take_over(here, kind)
    except OSError as error:
        log.warning("The figures of this process are not kept, and /metrics does not tell them: %s", error)
        return
    os.environ[FOLDER_VARIABLE] = str(here)  # before anything below imports the library
    try:
        with _locked(here, fcntl.LOCK_EX):
            _tidy(here)
        _forget_machines(folder)
    except OSError as error:
        log.warning("The figures of processes that have ended are not added up yet: %s", error)


def counted() -> "Iterable[Metric]":
    """The figures of all processes that count where this one does; nothing where it does not."""
    from prometheus_client import multiprocess  # noqa: PLC0415 -- see above

    if FOLDER_VARIABLE not in os.environ:
        return []
    here = Path(os.environ[FOLDER_VARIABLE])
    with _locked(here, fcntl.LOCK_SH):  # or what is just being added up could count twice
        untyped: Any = multiprocess.MultiProcessCollector
        return untyped.merge([str(file) for file in _files(here)])


@contextmanager
def _locked(here: Path, how: int) -> Generator[None]:
    with (here / "lock").open("a") as file:
        fcntl.flock(file, how)
        yield


def _files(here: Path) -> list[Path]:
    return [file for file in here.glob("*.db") if file.stat().st_size]  # one that is just being made is still empty


def _tidy(here: Path) -> None:
    files = [file for file in _files(here) if _owner(file) != str(os.getpid())]
    left = [file for file in files if not _lives(_owner(file))]
    if len(left) < len(files):
        for kind in KINDS:
            _add_up(here / f"{kind}_{GONE}.db", [file for file in left if file.name.startswith(kind)])
        left = [file for file in left if _owner(file) != GONE]
    for file in left:
        file.unlink()


def _take_over(here: Path, kind: str) -> None:
    """Begin a file; the one of a process that had our id, as all have in a container, is that of nobody now."""
    file = here / f"{kind}_{os.getpid()}.db"
    if file.exists():
        file.rename(here / f"{kind}_{NOBODY}.db")
    _take_room(file)


def _take_room(file: Path) -> None:
    """Holes in it would end the process by a signal on the day when the disk is full."""
    file.write_bytes(bytes(ROOM))


def _forget_machines(folder: Path) -> None:
    """Containers leave a folder each. Where nothing was counted for so long, nobody asked for figures either."""
    for machine in folder.iterdir():
        changed = max((file.stat().st_mtime for file in machine.glob("*")), default=time.time())
        if changed < time.time() - FORGOTTEN:
            shutil.rmtree(machine)


def _owner(file: Path) -> str:
    return file.stem.rpartition("_")[2]


def _lives(process: str) -> bool:
    if process == GONE:
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _add_up(total: Path, files: Sequence[Path]) -> None:
    """Made beside the old total and then put in its place, so that a kill loses nothing of it."""
    from prometheus_client import mmap_dict  # noqa: PLC0415 -- see above

    untyped: Any = mmap_dict.MmapedDict
    sums = defaultdict[str, float](float)
    for file in files:
        for key, value, _, _ in untyped.read_all_values_from_file(str(file)):
            sums[key] += value
    fresh = total.with_suffix(".new")
    _take_room(fresh)
    made = untyped(str(fresh))
    for key, value in sums.items():
        made.write_value(key, value, 0.0)
    made.close()
    fresh.rename(total)
