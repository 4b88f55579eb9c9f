"""Work that others announce, in a place of their own: read there, made jobs, and only then taken off."""

import logging
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from tolva.errors import TryLater
from tolva.jobs.loops import kept_going
from tolva.jobs.work import Jobs

log = logging.getLogger(__name__)

PAUSE = 5.0
"""Seconds before an inbox that failed is asked again."""
FAREWELL = 1.0
"""Seconds that an inbox may take to end. It may be in the middle of a long wait, and loses nothing when it is left."""


class Inbox(Protocol):
    """Where announcements lie. Several workers may read one at the same time, and one may be read twice."""

    @property
    def name(self) -> str:
        """What the log calls it."""
        ...

    def take(self, jobs: Jobs) -> None:
        """Wait a while for announcements, commit jobs for them, and take them off after that, never before.

        Raises TryLater.
        """
        ...

    def waiting(self) -> int:
        """Announcements that nobody has taken, about. Raises TryLater."""
        ...


@contextmanager
def kept_open(inboxes: Sequence[Inbox], jobs: Jobs) -> Generator[None]:
    """A thread for each inbox makes jobs of what is announced there, for as long as the context is open."""
    with kept_going({each.name: partial(_read, each, jobs) for each in inboxes}, FAREWELL):
        yield


def _read(inbox: Inbox, jobs: Jobs, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            inbox.take(jobs)
        except Exception as error:
            if stop.is_set():  # what it needs has been closed under it
                return
            known = isinstance(error, TryLater)
            log.warning("%s cannot be read: %s", inbox.name, error, exc_info=None if known else error)
            stop.wait(PAUSE)
