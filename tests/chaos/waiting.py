"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

T = TypeVar("T")

LOOK = 0.1
"""Seconds between two looks. Each opens a connection as a rule, which costs both sides some 7 ms of a core."""


def until(condition: Callable[[], T], what: str, seconds: float = 60.0, look: float = LOOK) -> T:
    """What the condition finds. Fails the test when that is nothing for `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(look)
    return pytest.fail(f"in vain for {seconds:g} s: {what}")
