"""The ports that the rest of the house plugs into."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tolva.core.job import JobId


@dataclass(frozen=True)
class QueueSlots:
    """How many jobs of a queue one worker process runs at once. `asked`: somebody wants just so many."""

    queue: str
    slots: int
    asked: bool = False


RunNext = Callable[[str], bool]
"""Runs ready jobs of a queue, best first, for a while; False when none was left."""


class Engine(Protocol):
    """Carries rings ("there is work in queue X"), never jobs. May lose, repeat or reorder them."""

    def ring(self, queue: str, hints: Sequence[JobId]) -> None:
        """Tell whoever serves `queue` that work is ready. Called after commit; `hints` are for humans.

        Never raises, and never waits for a broker. Without hints, nobody counted the jobs.
        """
        ...

    def depth(self, queue: str) -> int | None:
        """The rings that lie unheard; None where none are kept. Raises BrokerUnavailable."""
        ...

    def announce(self) -> None:
        """Tell whoever watches jobs that something may be new. Called after commit; never raises, never waits."""
        ...

    def close(self) -> None:
        """Send what is still to be sent, within a moment."""
        ...


@runtime_checkable
class ServingEngine(Engine, Protocol):
    """An engine that answers rings in processes of our own. Others are served by processes that their makers start."""

    def serve(self, queues: Sequence[QueueSlots], run_next: RunNext) -> None:
        """Answer rings until `stop` is called from another thread; returns when the last slot has ended."""
        ...

    def stop(self) -> None:
        """Take no further jobs, and let `serve` return when the running ones have ended."""
        ...

    def deaf(self) -> str | None:
        """Why no rings are heard at the moment; None when they are."""
        ...
