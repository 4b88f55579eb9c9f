"""Start a system's workers, wait for what they do, and end them, by their own ids only."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.jobs import stamps
from bench.jobs.peer import Peer

ROOT = Path(__file__).parents[2]
GRACE = 15.0
PATIENCE = 120.0


@dataclass(frozen=True)
class Crew:
    """The running workers of one system; what they print is in the log."""

    processes: list[subprocess.Popen[bytes]]
    log: Path

    def pids(self) -> list[int]:
        """The workers and every process they started."""
        trees = [psutil.Process(worker.pid) for worker in self.processes]
        return [process.pid for tree in trees for process in (tree, *tree.children(recursive=True))]

    def wait_until(self, reached: Callable[[], bool], what: str) -> None:
        """Poll until reached(); raises RuntimeError when a worker has ended or patience has."""
        deadline = time.monotonic() + PATIENCE
        while not reached():
            if any(worker.poll() is not None for worker in self.processes):
                raise RuntimeError(f"a worker ended before {what}:\n{self.log.read_text()[-2000:]}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"waited {PATIENCE:.0f} s in vain for {what}")
            time.sleep(0.02)


@contextmanager
def running(peer: Peer, directory: Path) -> Iterator[Crew]:
    """Run the peer's workers for the length of the block; their jobs stamp into the directory."""
    log = directory.with_name("workers.log")
    with log.open("ab") as output:
        processes = [_start(peer, directory, output.fileno()) for _ in range(peer.copies)]
    try:
        yield Crew(processes, log)
    finally:
        _stop(processes)


def _start(peer: Peer, directory: Path, output: int) -> subprocess.Popen[bytes]:
    env = os.environ | {stamps.DIRECTORY: str(directory), "PYTHONPATH": str(ROOT)}
    # A session of its own, so that the end reaches the children it forked and nobody else.
    return subprocess.Popen(
        peer.worker_command(), cwd=ROOT, env=env, stdout=output, stderr=output, start_new_session=True
    )


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    for worker in processes:
        worker.terminate()
    for worker in processes:
        try:
            worker.wait(GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
