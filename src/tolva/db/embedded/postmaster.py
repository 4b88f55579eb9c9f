"""One run of the server, as a child of the keeper."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass

from tolva.db.embedded import config, endpoint, faults, folder, leftovers, programs
from tolva.db.embedded.binaries import Binaries
from tolva.db.embedded.endpoint import Endpoint
from tolva.db.embedded.folder import Folder

_ATTEMPTS = 20
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Postmaster:
    """A started server."""

    process: subprocess.Popen[str]
    folder: Folder
    endpoint: Endpoint
    logged: int  # bytes in its log before it said anything

    @property
    def runs(self) -> bool:
        """Whether it still does."""
        return self.process.poll() is None

    def said(self) -> str:
        """The last lines that it logged."""
        return faults.tail(self.folder.postgres_log, since=self.logged)

    def stop(self) -> None:
        """End it, in order if it lets us, and wait until it and its backends are gone."""
        if self.runs:
            leftovers.end(self.process.pid, lambda: self.runs)
        leftovers.clear_backends(self.folder)


def start(place: Folder, binaries: Binaries) -> Postmaster:
    """A server that accepts connections, however long its crash recovery takes. Raises a TolvaError or OSError."""
    config.write(place)
    attempt = 1
    while not _becomes_ready(postmaster := _spawn(place, binaries)):
        if attempt == _ATTEMPTS or not _mends(postmaster):
            raise faults.of_output(postmaster.said(), place.path)
        time.sleep(0.05 * attempt)
        attempt += 1
    return postmaster


def _mends(ended: Postmaster) -> bool:
    """Whether the next attempt may go better."""
    said = ended.said()
    if faults.CANNOT_LISTEN.search(said):
        endpoint.take_new_port(ended.folder)
        return True
    if ended.process.returncode < 0:  # somebody killed it
        ended.stop()
        return True
    return bool(faults.STILL_HELD.search(said))  # by a backend of the last run that is about to die


def _spawn(place: Folder, binaries: Binaries) -> Postmaster:
    folder.bound_log(place.postgres_log)
    where = endpoint.choose(place)
    command = [str(binaries.program("postgres")), "-D", str(place.data), *config.options(where)]
    log = folder.open_file(place, place.postgres_log, os.O_WRONLY | os.O_APPEND)
    try:
        logged = os.fstat(log).st_size
        process = programs.spawn(command, place.data, signal.SIGINT, subprocess.DEVNULL, log)
    finally:
        os.close(log)
    return Postmaster(process, place, where, logged)


def _becomes_ready(postmaster: Postmaster) -> bool:
    try:
        while postmaster.runs:
            if _says_ready(postmaster):
                return True
            time.sleep(_POLL_SECONDS)
    except BaseException:
        postmaster.stop()
        raise
    return False


def _says_ready(postmaster: Postmaster) -> bool:
    """Whether the eighth line of its pid file, the status, says so; the first tells that the file is of this run."""
    try:
        lines = (postmaster.folder.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(postmaster.process.pid) and lines[7].strip() == "ready"
