"""What runs beside a command, when it ends."""

import _thread
import os
import signal
import threading

import pytest

from tolva.serve import part
from tolva.serve.beside import beside
from tolva.serve.part import Part


def test_ctrl_c_while_it_ends_does_not_leave_it_behind() -> None:
    ended = threading.Event()

    def run(stop: threading.Event) -> None:
        stop.wait()
        os.kill(os.getpid(), signal.SIGINT)
        ended.set()

    try:
        with beside(_thread.interrupt_main, run):
            pass
    except KeyboardInterrupt:
        pytest.fail("the wait for its end was interrupted")
    assert ended.is_set()


def test_what_it_raises_while_it_ends_is_told() -> None:
    def run(stop: threading.Event) -> None:
        stop.wait()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        try:
            with beside(_thread.interrupt_main, run):
                pass
        except KeyboardInterrupt:
            pytest.fail("the wait for its end was interrupted")


def test_ctrl_c_is_heard_again_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    with beside(_thread.interrupt_main, lambda stop: None):
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_no_room_for_a_process_ends_nothing_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object) -> None:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(part, "spawn", refuse)
    made = Part("worker", print)
    made.keep_running()
    made.end()
    made.wait(0)
