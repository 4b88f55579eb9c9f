"""Running PostgreSQL's programs as children that do not outlive us."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tolva.errors import SettingsError

_PR_SET_PDEATHSIG = 1
_ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH")

# Looked up here, since between fork and exec is no time for that.
_prctl: Callable[[int, int], int] | None = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def spawn(command: list[str], cwd: Path, when_we_die: signal.Signals, stdin: int, output: int) -> subprocess.Popen[str]:
    """Start a program; it gets the signal `when_we_die`, where the kernel can do that. Raises SettingsError.

    "We" is the thread that calls, so call from one that lives as long as the process.
    """
    try:
        return subprocess.Popen(  # noqa: S603
            command,
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=cwd,
            env=_environment(),
            preexec_fn=_bind_to_us(when_we_die),  # noqa: PLW1509 - the keeper has one thread
        )
    except OSError as error:
        raise SettingsError(
            f"Cannot run {command[0]}: {error.strerror}. Install tolva[embedded] anew, or set DATABASE_URL."
        ) from error


def _environment() -> dict[str, str]:
    """Ours without secrets and without the PG… variables, which would bend the server; messages in English."""
    return {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | {"LC_ALL": "C"}


def _bind_to_us(number: signal.Signals) -> Callable[[], None]:
    us = os.getpid()

    def bind() -> None:
        if _prctl is not None:
            _prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != us:  # we died before the kernel knew
            os._exit(1)

    return bind
