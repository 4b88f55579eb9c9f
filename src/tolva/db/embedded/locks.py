"""File locks that the kernel drops when the last process that holds them dies, however it dies."""

import fcntl


def try_shared(descriptor: int) -> bool:
    """Take the lock together with others, unless somebody holds it alone."""
    return _try(descriptor, fcntl.LOCK_SH)


def try_alone(descriptor: int) -> bool:
    """Take the lock, unless anybody holds it."""
    return _try(descriptor, fcntl.LOCK_EX)


def release(descriptor: int) -> None:
    """Give the lock back, for every process that shares the descriptor."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
