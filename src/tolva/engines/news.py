"""Wake-ups for those who watch jobs: "something may be new", over Redis where that is set, else over PostgreSQL.

A wake-up says nothing of what is new, so any may be lost or doubled, and one serves for all that happened meanwhile:
whoever hears it looks, and looks from time to time anyway.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from tolva.errors import TryLater

log = logging.getLogger(__name__)

GAP = 0.05
"""Seconds from one wake-up of a process to its next."""
TRY_AGAIN = 2.0
"""Seconds before a way that failed is tried again, while the next one serves."""
STEP = 0.2
"""Seconds of listening after which the end, or a better way, is noticed."""


Hear = Callable[[float], bool]
"""Waits for a wake-up, for so many seconds at most; whether there was one."""


class Way(Protocol):
    """One way for wake-ups to go. Both verbs raise TryLater when it is closed at the moment."""

    def announce(self) -> None:
        """Wake whoever listens."""
        ...

    def listening(self) -> AbstractContextManager[Hear]:
        """Listen for as long as the context is open, which it is only when wake-ups do come through."""
        ...


class Announcer:
    """Wakes whoever watches, from a thread of its own. The first way that is open serves."""

    def __init__(self, ways: Sequence[Way]) -> None:
        self._ways = ways
        self._closed_until = [0.0] * len(ways)
        self._news = threading.Event()
        self._ending = False
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def announce(self) -> None:
        """Something may be new. Never raises, never waits."""
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="news", daemon=True)
                    self._thread.start()
        self._news.set()

    def close(self) -> None:
        """Tell the last news, and end."""
        self._ending = True
        self._news.set()
        if self._thread is not None:
            self._thread.join(TRY_AGAIN)

    def _run(self) -> None:
        while not self._ending:
            self._news.wait()
            self._news.clear()
            self._tell()
            time.sleep(GAP)

    def _tell(self) -> None:
        for number, way in enumerate(self._ways):
            if time.monotonic() < self._closed_until[number]:
                continue
            try:
                way.announce()
                break
            except TryLater as error:
                log.debug("news go another way: %s", error)
            except Exception:
                log.exception("news go another way")
            self._closed_until[number] = time.monotonic() + TRY_AGAIN


class Ears:
    """Hears wake-ups, from a thread of its own, for as long as it is open. The first way that is open serves."""

    def __init__(self, ways: Sequence[Way]) -> None:
        self._ways = ways
        self._heard = threading.Event()
        self._open = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_open(self) -> bool:
        """Whether wake-ups are heard at the moment."""
        return self._open.is_set()

    def start(self) -> None:
        """Begin to listen, if it has not begun."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="ears", daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> None:
        """Until there was a wake-up since the last call, for so many seconds at most."""
        self._heard.wait(seconds)
        self._heard.clear()

    def wake(self) -> None:
        """End a wait."""
        self._heard.set()

    def close(self) -> None:
        """Listen no more."""
        self._stop.set()
        self._heard.set()
        if self._thread is not None:
            self._thread.join(2 * STEP)

    def _run(self) -> None:
        while not self._stop.is_set():
            if not any(self._listens(way, place == 0) for place, way in enumerate(self._ways)):
                self._stop.wait(TRY_AGAIN)

    def _listens(self, way: Way, for_good: bool) -> bool:
        """Listen until the way closes, or until it is time to try the first one again; whether it was open."""
        was_open = False
        try:
            with way.listening() as hear:
                was_open = True
                self._open.set()
                self._heard.set()  # something may have been said while nobody listened
                give_up = time.monotonic() + TRY_AGAIN
                while not self._stop.is_set() and (for_good or time.monotonic() < give_up):
                    if hear(STEP):
                        self._heard.set()
        except TryLater as error:
            log.debug("news are heard another way: %s", error)
        except Exception:
            log.exception("news are heard another way")
        finally:
            self._open.clear()
        return was_open
