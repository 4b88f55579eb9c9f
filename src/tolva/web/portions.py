"""Steering many jobs: met some thousands a call, then told in portions, each in a transaction of its own."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tolva.core.job import JobId
from tolva.db.pool import Connection
from tolva.errors import Conflict, TryLater
from tolva.jobs.letters import LetterFilter, LetterPlace, dead_jobs
from tolva.jobs.listing import JobFilter, matching_ids

log = logging.getLogger(__name__)

Place = TypeVar("Place")

MOST = 10_000
"""Jobs that one call takes; whoever has more calls again, behind these."""
PORTION = 500
"""Jobs that are steered in one transaction: it holds their rows."""


@dataclass(frozen=True)
class Met(Generic[Place]):
    """Jobs that a call takes, at most MOST. `next` is the place of the last where there are more behind it.

    From there the following call goes on: by the filter alone it would meet again those that it could not steer.
    """

    jobs: Sequence[JobId]
    next: Place | None = None


def met_jobs(conn: Connection, tenant_id: str, wanted: JobFilter, before: JobId | None) -> Met[JobId]:
    """The newest jobs that match, behind those that a call before met. The search goes on until it has them."""
    return _met([(id, id) for id in matching_ids(conn, tenant_id, wanted, before=before, most=MOST + 1)])


def met_letters(conn: Connection, tenant_id: str, wanted: LetterFilter, before: LetterPlace | None) -> Met[LetterPlace]:
    """The same for the jobs of open dead letters."""
    return _met(dead_jobs(conn, tenant_id, wanted, before=before, most=MOST + 1))


def _met(found: Sequence[tuple[JobId, Place]]) -> Met[Place]:
    """Of jobs with their places, which were looked for up to MOST + 1.

    >>> _met([(JobId("b"), 2), (JobId("a"), 1)])
    Met(jobs=['b', 'a'], next=None)
    """
    return Met([id for id, _ in found[:MOST]], found[MOST - 1][1] if len(found) > MOST else None)


@dataclass(frozen=True)
class Tally:
    """What came of it. `untried` are those of the portions that were not reached, because the database gave out."""

    matching: int
    done: int
    untried: int = 0

    @property
    def left(self) -> int:
        """Those that were met and not steered."""
        return self.matching - self.done


def steer(jobs: Sequence[JobId], do: Callable[[Sequence[JobId]], Sequence[JobId]], *, dry_run: bool) -> Tally:
    """Do it to these jobs. `do` answers with those that it concerned.

    A portion that meets a Conflict does nothing and is among those left. Raises TryLater when nothing was done; where
    something was, the portions from there on are left untried, and nobody is told that nothing was done.

    >>> steer([JobId(str(n)) for n in range(1200)], lambda portion: portion[1:], dry_run=False)
    Tally(matching=1200, done=1197, untried=0)
    >>> steer([JobId("1")], lambda portion: portion, dry_run=True)
    Tally(matching=1, done=0, untried=0)
    """
    done = 0
    for at in range(0, 0 if dry_run else len(jobs), PORTION):
        try:
            done += _steered(jobs[at : at + PORTION], do)
        except TryLater as error:
            if not done:
                raise
            log.warning("%s of %s jobs are steered, the others not tried: %s", done, len(jobs), error)
            return Tally(len(jobs), done, untried=len(jobs) - at)
    return Tally(len(jobs), done)


def _steered(portion: Sequence[JobId], do: Callable[[Sequence[JobId]], Sequence[JobId]]) -> int:
    try:
        return len(do(portion))
    except Conflict:
        return 0
