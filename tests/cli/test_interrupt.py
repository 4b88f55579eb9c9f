"""`tolva up --flower` at a terminal: Ctrl-C reaches every process of the group, and impatient people press it again."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import Shell
from tests.cli.test_up import is_refused
from tests.jobs.workshop import until
from tests.ports import free_port
from tests.servers.redis import RedisServer, redis_server

PRESSED = 3


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.mark.parametrize("moment", ["Tolva is up", "Visit me at"], ids=["as it starts", "when all of it runs"])
def test_ctrl_c_again_and_again_ends_all_of_it_in_order(
    tolva: Shell, tmp_path: Path, server: RedisServer, moment: str
) -> None:
    given = tolva.environment(
        TOLVA_ENGINES="bulk_upload=celery",
        REDIS_URL=server.url,
        FLOWER_PORT=str(free_port()),
        TOLVA_GRACE_SECONDS="2",
        C_FORCE_ROOT="1",
    )
    log = tmp_path / "log"
    with log.open("wb") as file:
        words = tolva.command("up", "--flower", "--port", "0")
        process = subprocess.Popen(words, env=given, stdout=file, stderr=file, start_new_session=True)
    try:
        until(lambda: moment in log.read_text(), 90)
        port = int(until(lambda: re.search(r"Dashboard +http://127.0.0.1:(\d+)", log.read_text()), 10)[1])
        os.killpg(process.pid, signal.SIGINT)
        until(lambda: is_refused(port), 30)
        for _ in range(1, PRESSED):
            os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 0
        until(lambda: not left(tolva.folder), 20)
        assert "Traceback" not in log.read_text(), log.read_text()
    finally:
        process.kill()
        process.wait()


def left(folder: Path) -> list[psutil.Process]:
    """Processes that were told to use this data folder."""
    return [each for each in psutil.process_iter() if told(each).get("TOLVA_DATA_DIR") == str(folder)]


def told(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}
