"""What the harness asks of every system under test."""

from typing import Protocol, runtime_checkable


class Unavailable(Exception):
    """The system cannot be measured here; the message says what is missing."""


class Peer(Protocol):
    """One system under test, with the settings that served it best.

    Its job has one argument, the time of sending in nanoseconds, and its body is `stamps.mark(sent_ns)`.
    """

    name: str
    version: str
    settings: object  # a frozen dataclass; the results print its fields
    copies: int  # how often `worker_command` is started

    def prepare(self) -> None:
        """Make an empty queue, in a store of its own; raises Unavailable."""

    def enqueue(self, n: int) -> None:
        """Add n jobs in the fastest way the system documents."""

    def enqueue_one(self, payload: int) -> None:
        """Add one job and return once the store has it."""

    def tidy(self) -> None:
        """Do what the store's own upkeep does within minutes, so that no figure hangs on its timetable."""

    def worker_command(self) -> list[str]:
        """The documented production command of a worker."""

    def done(self) -> int:
        """How many jobs the system itself holds to be finished."""

    def store_pids(self) -> list[int]:
        """The processes of the store whose CPU time is this system's doing; empty if it is elsewhere."""

    def close(self) -> None:
        """Remove every trace from the store."""


@runtime_checkable
class KeepsHistory(Protocol):
    """A system that keeps finished jobs, so that its rate over a long history can be asked."""

    def fill_history(self, n: int) -> None:
        """Add n finished jobs, as they would be after a long life."""
