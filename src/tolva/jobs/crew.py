"""The processes that one program started, which is not ours: told by the program, so that nothing need be shared."""

import socket

import psutil


def crew_of(parent: int) -> str:
    """The name of a crew: where its parent runs, and which process that is, however often numbers are used again.

    Raises psutil.NoSuchProcess when the parent has ended.
    """
    return f"{socket.gethostname()}/{parent}/{psutil.Process(parent).create_time():.2f}"


def member(pid: int, parent: int) -> psutil.Process | None:
    """The process of that number if it lives, and if it is of this parent's crew."""
    try:
        process = psutil.Process(pid)
        lives = process.ppid() == parent and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return process if lives else None
