"""Wait for a quiet machine, since others' work falls on whoever is being measured."""

import time

import psutil

BUSY_PERCENT = 15
LOOK = 2.0


def wait(patience: float) -> None:
    """Return as soon as all cores together are nearly idle, or after `patience` seconds in any case."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and psutil.cpu_percent(interval=LOOK) > BUSY_PERCENT:
        pass
