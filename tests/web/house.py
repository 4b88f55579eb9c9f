"""`tolva api` and `tolva worker` as processes of their own, on a database of a test."""

import json
import re
import signal
import subprocess
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.cli.conftest import Shell
from tests.jobs.workshop import until

UPLOAD = "/api/v1/catalog/items/bulk-upload"
STATUS = "/api/v1/catalog/bulk-upload/status"
HEADER = "codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias"
GOOD = f"{HEADER}\n001,Guantes,1.50,CS-1,3\n".encode()


@dataclass
class House:
    """What runs, and what it logged."""

    shell: Shell
    environment: dict[str, str]
    stack: ExitStack
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *words: str) -> tuple[subprocess.Popen[bytes], Path]:
        log = self.folder / f"{len(self.processes)}.log"
        with log.open("wb") as file:
            environment = self.shell.environment(**self.environment)
            process = subprocess.Popen(self.shell.command(*words), env=environment, stdout=file, stderr=file)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        self.processes.append(process)
        return process, log

    def api(self) -> tuple[httpx.Client, Path]:
        """An API that answers, and its log."""
        process, log = self.start("api", "--port", "0")
        url = until(lambda: re.search(r"http://[0-9.]+:\d+", log.read_text()), 60)[0]
        client = self.stack.enter_context(httpx.Client(base_url=url, timeout=30, trust_env=False))
        until(lambda: process.poll() is not None or answers(client), 60)
        return client, log

    def worker(self, processes: int = 1) -> tuple[subprocess.Popen[bytes], Path]:
        process, log = self.start("worker", "--processes", str(processes))
        until(lambda: "worker ready" in log.read_text(), 60)
        return process, log

    def end(self) -> None:
        """Let everything end by itself."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(30) for process in self.processes] == [0] * len(self.processes)


@contextmanager
def house(shell: Shell, folder: Path, **environment: str) -> Generator[House]:
    quick = {"TOLVA_GRACE_SECONDS": "2", "TOLVA_LOG_FORMAT": "json"}
    with ExitStack() as stack:
        yield House(shell, quick | environment, stack, folder)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").status_code == 200
    except httpx.TransportError:
        return False


def load(client: httpx.Client, content: bytes = GOOD, **headers: str) -> str:
    """Upload a file and wait until it is loaded; its job."""
    asked = {"params": {"proveedor_id": "P1"}, "files": {"file": ("p.csv", content)}, "headers": headers}
    job = client.post(UPLOAD, **asked).json()["task_id"]
    until(lambda: client.get(f"{STATUS}/{job}").json()["status"] in ("completed", "failed"), 60)
    return job


def json_lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
