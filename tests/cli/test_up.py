"""`tolva up`: which processes it runs."""

import re
import signal
import subprocess

import httpx
import psutil
import pytest

from tests.cli.conftest import Shell
from tests.jobs.workshop import until


def listeners(process: subprocess.Popen[str], port: int) -> int:
    """How many children answer on the port."""
    count = 0
    for child in psutil.Process(process.pid).children():
        sockets = child.net_connections("tcp")
        count += any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in sockets)
    return count


@pytest.mark.parametrize(("engine", "processes"), [("postgres", 2), ("inline", 1)])
def test_it_runs_two_processes_of_the_api_and_one_where_that_does_the_work_too(
    tolva: Shell, engine: str, processes: int
) -> None:
    environment = tolva.environment(TOLVA_ENGINE=engine, TOLVA_GRACE_SECONDS="2", LOG_LEVEL="ERROR")
    command = tolva.command("up", "--port", "0")
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = next(filter(None, (re.search(r"http://[0-9.]+:(\d+)", line) for line in process.stdout)))
            with httpx.Client(base_url=found[0], timeout=30, trust_env=False) as client:
                until(lambda: listeners(process, int(found[1])) == processes, 60)
                assert client.get("/api/v1/schemas").status_code == 200
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
