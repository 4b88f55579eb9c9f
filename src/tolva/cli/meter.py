"""How far a job is: a live bar on a terminal, a few plain lines anywhere else."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from tolva.core.job import Json

QUIET = 2.0
"""Seconds between two plain lines of one state."""


@dataclass(frozen=True)
class Reading:
    """A job at one moment: its state as the reader is to see it, and rows done, in all, and refused."""

    state: str
    done: int = 0
    total: int = 0
    refused: int = 0

    @classmethod
    def of(cls, state: str, counters: Json) -> "Reading":
        """The reading of a job's progress."""
        return cls(state, counters.get("processed", 0), counters.get("total", 0), counters.get("failed", 0))


class Meter(Protocol):
    """Shows readings as they come."""

    def show(self, reading: Reading) -> None:
        """The newest one."""
        ...


@contextmanager
def meter(console: Console, *, quiet: bool = False) -> Generator[Meter]:
    """The meter that suits the console; one that shows nothing when `quiet`."""
    if quiet:
        yield _Nothing()
    elif console.is_terminal:
        with _bar(console) as bar:
            yield _Live(bar)
    else:
        yield _Lines(console)


def _bar(console: Console) -> Progress:
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    return Progress(*columns, TextColumn("{task.fields[note]}"), TimeRemainingColumn(), console=console)


class _Nothing:
    def show(self, reading: Reading) -> None:
        """Say nothing."""


class _Live:
    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("waiting", total=None, note="")

    def show(self, reading: Reading) -> None:
        """Move the bar."""
        note = f"[red]{reading.refused:,} refused[/]" if reading.refused else ""
        total = reading.total or None
        self._bar.update(self._task, description=reading.state, total=total, completed=reading.done, note=note)


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._state = ""
        self._next = 0.0

    def show(self, reading: Reading) -> None:
        """A line for each new state, and one now and then in between."""
        if reading.state == self._state and time.monotonic() < self._next:
            return
        self._state, self._next = reading.state, time.monotonic() + QUIET
        rows = f" {reading.done:,} of {reading.total:,} rows" if reading.total else ""
        refused = f", {reading.refused:,} refused" if reading.refused else ""
        self._console.print(f"{reading.state}{rows}{refused}", soft_wrap=True)
