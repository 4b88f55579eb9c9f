"""Something done to many jobs in portions, each in a transaction of its own."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tolva.core.job import JobId
from tolva.errors import Conflict, TryLater
from tolva.web.met import Met

log = logging.getLogger(__name__)

PORTION = 500
"""Jobs of one transaction: it holds their rows."""


@dataclass(frozen=True)
class Tally:
    """What came of it. `next` is where to go on: there are more, or the database gave out there."""

    matching: int
    done: int
    next: str | None = None

    @property
    def left(self) -> int:
        """Those that were met and not steered."""
        return self.matching - self.done


def in_portions(met: Met, do: Callable[[Sequence[JobId]], Sequence[JobId]], *, dry_run: bool = False) -> Tally:
    """Do it to these jobs. `do` answers with those that it concerned.

    A portion that meets a Conflict does nothing and is among those left. Raises TryLater when the first one breaks off
    and nothing was done, and CommitLost when nobody knows that. Where a later one does, the call has met no more than
    the portions before, and `next` leads to it: it may be done all the same, after CommitLost.

    >>> ids = [JobId(str(n)) for n in range(1200)]
    >>> in_portions(Met(ids, ids), lambda portion: portion[1:])
    Tally(matching=1200, done=1197, next=None)
    >>> in_portions(Met(ids, ids), lambda portion: portion, dry_run=True)
    Tally(matching=1200, done=0, next=None)
    """
    done = 0
    for at in range(0, 0 if dry_run else len(met.jobs), PORTION):
        try:
            done += _done(met.jobs[at : at + PORTION], do)
        except TryLater as error:
            if not at:
                raise
            log.warning("%s jobs are done; it broke off after %s of %s: %s", done, at, len(met.jobs), error)
            return Tally(at, done, met.places[at - 1])
    return Tally(len(met.jobs), done, met.next)


def _done(portion: Sequence[JobId], do: Callable[[Sequence[JobId]], Sequence[JobId]]) -> int:
    try:
        return len(do(portion))
    except Conflict:
        return 0
