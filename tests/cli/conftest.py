"""The command line on a database of its own: in a process of its own where that matters."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from tests.conftest import Fresh
from tolva import app
from tolva.cli import console, main
from tolva.core.job import JobId, NewJob
from tolva.settings import load_settings

NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere?connect_timeout=2"


@dataclass(frozen=True)
class Ran:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Shell:
    """Calls `tolva` in an environment that holds nothing of ours but what is given."""

    database_url: str
    folder: Path

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TOLVA_", "COLUMNS"))}
        return kept | {"DATABASE_URL": self.database_url, "TOLVA_DATA_DIR": str(self.folder)} | more

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-c", "from tolva.cli import main; main()", *words]

    def __call__(self, *words: str, **more: str) -> Ran:
        """In this process, which saves a second for each call. Output is as wide as into a pipe."""
        told, complained, code = io.StringIO(), io.StringIO(), 0
        with (
            mock.patch.dict(os.environ, self.environment(**more), clear=True),
            mock.patch.object(sys, "argv", ["tolva", *words]),
            redirect_stdout(told),
            redirect_stderr(complained),
        ):
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)
        return Ran(code, told.getvalue(), complained.getvalue())

    def process(self, *words: str, **more: str) -> Ran:
        """As a process of its own."""
        done = subprocess.run(
            self.command(*words), env=self.environment(**more), capture_output=True, text=True, timeout=120, check=False
        )
        return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(autouse=True, scope="session")
def wide() -> None:
    """As into a pipe, whatever COLUMNS said when the tests began."""
    for each in (console.out, console.err):
        each.width = console.WIDE


@pytest.fixture
def tolva(fresh: Fresh, tmp_path: Path) -> Shell:
    """On a migrated, empty database, with a login that is no superuser where the cluster has one."""
    return Shell(fresh.dsn, tmp_path / "data")


@pytest.fixture
def homeless(tmp_path: Path) -> Shell:
    """On a database that does not answer."""
    return Shell(NOWHERE, tmp_path / "data")


@pytest.fixture
def enqueue(tolva: Shell, monkeypatch: pytest.MonkeyPatch) -> Callable[[], JobId]:
    """Makes a job that no worker takes."""

    def make() -> JobId:
        monkeypatch.setenv("DATABASE_URL", tolva.database_url)
        settings = load_settings(data_dir=tolva.folder)
        with app.server(settings) as server, app.jobs(settings, server, "test") as jobs, jobs.work("default") as work:
            params = {"schema": "products", "filename": "p.csv"}
            [made] = work.enqueue(NewJob("bulk_upload", params, label="p.csv"))
        return made.id

    return make
