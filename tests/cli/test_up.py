"""`tolva up`: which processes it runs."""

import errno
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil
import pytest

from tests.cli.conftest import Shell
from tests.jobs.workshop import until


def listeners(process: subprocess.Popen[str], port: int) -> int:
    """How many children answer on the port."""
    count = 0
    for child in parts(process):
        sockets = child.net_connections("tcp")
        count += any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in sockets)
    return count


def parts(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes of API and worker."""
    return [child for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline())]


@contextmanager
def running(tolva: Shell, engine: str) -> Iterator[tuple[subprocess.Popen[str], str, int]]:
    """`tolva up` with its address and port; it has to end in order."""
    environment = tolva.environment(TOLVA_ENGINE=engine, TOLVA_GRACE_SECONDS="2", LOG_LEVEL="ERROR")
    command = tolva.command("up", "--port", "0")
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = next(filter(None, (re.search(r"http://[0-9.]+:(\d+)", line) for line in process.stdout)))
            yield process, found[0], int(found[1])
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(("engine", "processes"), [("postgres", 2), ("inline", 1)])
def test_it_runs_two_processes_of_the_api_and_one_where_that_does_the_work_too(
    tolva: Shell, engine: str, processes: int
) -> None:
    with running(tolva, engine) as (process, url, port), httpx.Client(base_url=url, timeout=30) as client:
        until(lambda: listeners(process, port) == processes, 60)
        assert client.get("/api/v1/schemas").status_code == 200


def test_while_the_worker_still_ends_whoever_comes_is_refused_and_does_not_wait_for_nothing(tolva: Shell) -> None:
    with running(tolva, "postgres") as (process, _, port):
        until(lambda: listeners(process, port) == 2, 60)
        [worker] = [part for part in parts(process) if not part.net_connections("tcp")]
        until(worker.children, 60)
        worker.suspend()  # so that it takes all the time that it has
        process.send_signal(signal.SIGTERM)
        until(lambda: is_refused(port), 20)
        assert worker.status() == psutil.STATUS_STOPPED
        worker.resume()


def is_refused(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED
