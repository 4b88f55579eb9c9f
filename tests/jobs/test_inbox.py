"""Inboxes are read for as long as they are open, whatever goes wrong with one of them."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.jobs.workshop import Workshop, until
from tolva.errors import BrokerUnavailable
from tolva.jobs import inbox as module
from tolva.jobs.inbox import kept_open
from tolva.jobs.work import Jobs


@dataclass
class Box:
    """An inbox of which a test says what happens when it is read."""

    on_take: Callable[[], None]
    name: str = "the box"

    def take(self, jobs: Jobs) -> None:
        self.on_take()

    def waiting(self) -> int:
        return 0


@pytest.mark.parametrize("error", [BrokerUnavailable("it is away"), ZeroDivisionError("it is broken")])
def test_an_inbox_that_cannot_be_read_is_told_of_and_asked_again(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    asked = threading.Semaphore(0)

    def fail() -> None:
        asked.release()
        raise error

    with kept_open([Box(fail)], shop.jobs):
        assert all(asked.acquire(timeout=60) for _ in range(3))
    told = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert told[0].message == f"the box cannot be read: {error}"
    assert (told[0].exc_info is None) == isinstance(error, BrokerUnavailable)


def test_a_broken_inbox_does_not_hold_up_another(shop: Workshop) -> None:
    def fail() -> None:
        raise BrokerUnavailable("it is away")

    read = threading.Event()
    with kept_open([Box(fail), Box(read.set)], shop.jobs):
        assert read.wait(60)


def test_nobody_waits_for_one_in_a_long_wait_and_what_it_runs_into_afterwards_is_no_trouble(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "FAREWELL", 0.01)
    begun, end = threading.Event(), threading.Event()
    was_still_waiting: list[bool] = []

    def fail_late() -> None:
        begun.set()
        was_still_waiting.append(end.wait(60))
        raise RuntimeError("the pool is closed")

    with kept_open([Box(fail_late)], shop.jobs):
        assert begun.wait(60)
    end.set()
    until(lambda: "the box" not in [thread.name for thread in threading.enumerate()], 60)
    assert (was_still_waiting, caplog.records) == ([True], [])
