"""A folder for a data directory, and the certainty that nothing runs in it afterwards."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tests.chaos import census
from tests.chaos.waiting import until

MARK = "TOLVA_CHAOS_MARK"
"""Name in the environment of every process of one run. PostgreSQL's own are told by the folder they work in."""


class Place:
    """A data folder that does not exist yet, and the mark of the processes that will use it."""

    def __init__(self, top: Path) -> None:
        self.data_dir = top / "data"
        self.mark = (MARK, uuid4().hex)

    def processes(self) -> list[census.Process]:
        """Everything that runs for this folder."""
        return [*census.marked(*self.mark), *census.working_in(self.data_dir)]


@contextmanager
def fresh_place() -> Iterator[Place]:
    """A place that every user may reach, since PostgreSQL does not run as root. Fails if a process outlives its use."""
    top = Path(tempfile.mkdtemp(prefix="tolva-chaos-"))
    top.chmod(0o711)
    place = Place(top)
    try:
        yield place
        until(lambda: not place.processes(), "every process ends", 30)
    finally:
        for process in place.processes():
            print("left:", process, census.command(process))
            census.kill(process)
        shutil.rmtree(top, ignore_errors=True)
