"""A child process must not outlive its supervisor, not even when that was killed or the child is deep in C code."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import wait

_PR_SET_PDEATHSIG = 1
ENDED_BY_FORCE = 70
"""Exit code of a process that must not go on (EX_SOFTWARE)."""


def die_with_parent() -> None:
    """End this process as soon as the one that started it is gone."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    if sys.platform == "linux":
        # The kernel does it, whoever holds the interpreter's lock.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_watch, args=(parent.sentinel,), name="lifeline", daemon=True).start()


def _watch(sentinel: int) -> None:
    """For other systems, and for a parent that died before the kernel was asked."""
    wait([sentinel])
    os._exit(1)
