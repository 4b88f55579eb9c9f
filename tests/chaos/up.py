"""A real `tolva up`, as its user starts it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.chaos import census
from tests.chaos.census import Process
from tests.chaos.place import Place
from tests.chaos.waiting import until

URL = re.compile(r"http://127\.0\.0\.1:\d+")
GRACE = 40.0
"""Seconds that it may take to end in order: its own grace times, and a little for a busy machine."""


class Up:
    """One data folder's `tolva up`. It may be killed, and started again at another port."""

    def __init__(self, place: Place, variables: Mapping[str, str]) -> None:
        self.place = place
        name, value = place.mark
        settings = {"TOLVA_DATA_DIR": str(place.data_dir), "LOG_LEVEL": "ERROR"}
        self._env = {**os.environ, **settings, **variables, name: value}
        self._env.pop("DATABASE_URL", None)
        self._said = place.data_dir.with_name("said")
        self._process: subprocess.Popen[bytes] | None = None
        self.unasked_ends = 0
        """How often it ended by itself."""

    @property
    def url(self) -> str | None:
        """What the last one printed; None before that."""
        found = URL.search(self._said.read_text()) if self._said.exists() else None
        return found[0] if found else None

    @property
    def process(self) -> Process | None:
        """Its first process, while it lives."""
        if self._process is None or self._process.poll() is not None:
            return None
        return Process(self._process.pid)

    def start(self) -> None:
        """Start it; `url` is known a little later."""
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tolva", "up", "--port", "0"], stdout=said, env=self._env
            )

    def keep_up(self) -> None:
        """Start it again if it ended by itself, as any service manager would."""
        if self._process is not None and self._process.poll() is not None:
            self.unasked_ends += 1
            self.start()

    def bury(self) -> None:
        """Wait for the end of one that was killed."""
        if self._process is not None:
            self._process.wait(GRACE)

    def end(self) -> None:
        """End it as Ctrl-C would. Fails when it takes too long."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(GRACE)

    @property
    def apis(self) -> list[Process]:
        """The API's process, if it has begun to listen."""
        return [part for part in self._parts() if census.listens(part)]

    @property
    def supervisors(self) -> list[Process]:
        """The worker's supervisor, once it has processes to watch."""
        return [part for part in self._parts() if census.children(part)]

    @property
    def workers(self) -> list[Process]:
        """The worker processes."""
        return [child for part in self._parts() for child in census.children(part)]

    def _parts(self) -> list[Process]:
        return census.children(self.process) if self.process else []


@contextmanager
def run_up(place: Place, variables: Mapping[str, str]) -> Iterator[Up]:
    """A `tolva up` that answers, ended in order at the end."""
    up = Up(place, variables)
    up.start()
    try:
        until(lambda: up.url, "tolva up prints its address")
        yield up
        up.end()
    finally:
        if up.process:
            up.process.kill()
            up.bury()
