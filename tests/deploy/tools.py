"""Programs that check what others run, and where the project's files lie."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = "TOLVA_NEEDS_TOOLS"
"""Set to 1 where a test without its program is to fail instead of being skipped."""


def compose() -> list[str]:
    """The command that reads compose files, the newer one first."""
    if shutil.which("docker") and succeeds("docker", "compose", "version"):
        return ["docker", "compose"]
    return [program("docker-compose")]


def program(name: str) -> str:
    """Where a program is."""
    return shutil.which(name) or _missing(name)


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """In the project's folder, with nothing of ours in the environment but what is given."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return subprocess.run(
        command, cwd=ROOT, env=clean | environment, capture_output=True, text=True, timeout=120, check=False
    )


def succeeds(*command: str) -> bool:
    return run(*command).returncode == 0


def _missing(name: str) -> NoReturn:
    said = f"no {name}: tests/deploy/install.sh installs it on Debian"
    raise (pytest.fail.Exception if os.environ.get(NEEDED) == "1" else pytest.skip.Exception)(said)
