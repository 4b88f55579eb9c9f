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
    ask_kernel()
    threading.Thread(target=_watch, args=(parent.sentinel,), name="lifeline", daemon=True).start()


def die_with(parent: int) -> None:
    """The same for a process that another program forked, whose parent may have died before this is called."""
    ask_kernel()
    if os.getppid() != parent:
        os._exit(1)


def ask_kernel() -> None:
    """Where it can, the kernel ends this process with its parent, whoever holds the interpreter's lock."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch(sentinel: int) -> None:
    """For other systems, and for a parent that died before the kernel was asked."""
    wait([sentinel])
    os._exit(1)
