"""One attempt as its own process sees it: whether it is still ours, was cancelled, or is late."""

import threading
import time
from collections.abc import Iterator, Mapping

from tolva.core.job import Claimed, JobId
from tolva.errors import Cancelled, Draining, LeaseLost, TimeLimitExceeded, TolvaError

_GOING_DOWN = "The worker is going down; the job goes on elsewhere."


class Attempt:
    """A claimed job that is being worked on. `stop` may be called from any thread, `check` is called by the work."""

    def __init__(self, job: Claimed) -> None:
        self.job = job
        self._deadline = time.monotonic() + job.soft_limit
        self._stopped: TolvaError | None = None

    def stop(self, reason: TolvaError) -> None:
        """Make the next `check` raise `reason`. The first reason stays."""
        if self._stopped is None:
            self._stopped = reason

    @property
    def seconds_left(self) -> float:
        """Until the soft time limit; negative after it."""
        return self._deadline - time.monotonic()

    @property
    def must_stop(self) -> bool:
        """Whether the next `check` raises."""
        return self._stopped is not None or self.seconds_left <= 0

    def check(self) -> None:
        """Raises what must end this attempt: Cancelled, LeaseLost, Draining or TimeLimitExceeded."""
        if self._stopped is not None:
            raise self._stopped
        if self.seconds_left <= 0:
            raise TimeLimitExceeded(
                f"The attempt took longer than the {self.job.soft_limit:g} s that the queue '{self.job.queue}' allows."
            )


class Attempts:
    """The attempts under way in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_job: dict[JobId, Attempt] = {}
        self._draining = False

    def add(self, attempt: Attempt) -> None:
        """From here on the attempt hears of cancellation and loss, and that the worker is going down."""
        with self._lock:
            self._by_job[attempt.job.id] = attempt
        if self._draining:  # it was claimed in the last moment
            attempt.stop(Draining(_GOING_DOWN))

    def remove(self, attempt: Attempt) -> None:
        """The attempt has ended."""
        with self._lock:
            if self._by_job.get(attempt.job.id) is attempt:
                del self._by_job[attempt.job.id]

    def __iter__(self) -> Iterator[Attempt]:
        with self._lock:
            return iter(list(self._by_job.values()))

    def __len__(self) -> int:
        return len(self._by_job)

    def hear(self, asked: "list[Attempt]", owned: Mapping[JobId, tuple[int, bool]]) -> None:
        """Tell the attempts what the database says of the `asked` ones: job → (attempt, cancel requested)."""
        for attempt in asked:
            number, cancelled = owned.get(attempt.job.id, (0, False))
            if number != attempt.job.attempt:
                attempt.stop(LeaseLost(f"Attempt {attempt.job.attempt} of job {attempt.job.id} lost its lease."))
            elif cancelled:
                attempt.stop(Cancelled(f"Job {attempt.job.id} was cancelled."))

    def drain(self, patience: float = 0.0) -> None:
        """Stop every attempt at its next check, to be given back. Before, they have `patience` in seconds to end."""
        give_up = time.monotonic() + patience
        while len(self) and time.monotonic() < give_up:
            time.sleep(0.05)
        self._draining = True
        for attempt in self:
            attempt.stop(Draining(_GOING_DOWN))
