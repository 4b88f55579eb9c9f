"""A probe: a look at what may be slow, shared by all who ask, and answered in time."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from tolva.errors import TryLater

Seen = TypeVar("Seen")


class Probe(Generic[Seen]):
    """One look is under way at most, whoever asks, in a thread of its own; what it saw counts for `fresh` seconds."""

    def __init__(self, look: Callable[[], Seen], *, patience: float, fresh: float = 0.0) -> None:
        self._look = look
        self._patience = patience
        self._fresh = fresh
        self._lock = threading.Lock()
        self._latest: Future[Seen] | None = None
        self._began_at = 0.0
        self._ended_at = 0.0

    def __call__(self) -> Seen:
        """What there is to see. Raises TryLater after `patience` seconds, and what the look raises."""
        with self._lock:
            if self._latest is None or (self._latest.done() and time.monotonic() > self._ended_at + self._fresh):
                self._latest = self._begin()
            latest = self._latest
        return self._seen_by(latest)

    def since(self, moment: float, apart: float) -> Seen:
        """What a look saw that began after `moment`, a time of the monotonic clock. Raises as a call does.

        Looks begin `apart` seconds after the one before ended, at the earliest: all who wait share the next.
        """
        while True:
            with self._lock:
                wait = self._ended_at + apart - time.monotonic()
                idle = self._latest is None or self._latest.done()
                if self._latest is None or (idle and wait <= 0 and self._began_at <= moment):
                    self._latest = self._begin()
                latest, began_at = self._latest, self._began_at
            seen = self._seen_by(latest)
            if began_at > moment:
                return seen
            time.sleep(max(0.0, wait))

    def _seen_by(self, latest: Future[Seen]) -> Seen:
        try:
            return latest.result(self._patience)
        except TimeoutError:
            raise TryLater(f"It takes longer than {self._patience:g} s.") from None

    def _begin(self) -> Future[Seen]:
        future = Future[Seen]()
        self._began_at = time.monotonic()
        threading.Thread(target=self._run, args=(future,), name="probe", daemon=True).start()
        return future

    def _run(self, future: Future[Seen]) -> None:
        try:
            seen = self._look()
        except Exception as error:
            self._ended_at = time.monotonic()
            future.set_exception(error)
        else:
            self._ended_at = time.monotonic()
            future.set_result(seen)
