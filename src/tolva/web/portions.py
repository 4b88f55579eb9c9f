"""Steering many jobs: met some thousands a call, then told in portions, each in a transaction of its own."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tolva.core.job import JobId, State
from tolva.db.pool import Connection
from tolva.errors import Conflict, TryLater
from tolva.jobs.letters import LetterFilter, LetterPlace, dead_jobs, open_letters
from tolva.jobs.listing import JobFilter, matching_ids
from tolva.jobs.sql import SQL
from tolva.web.letter_places import cursor

log = logging.getLogger(__name__)

MOST = 10_000
"""Jobs that one call takes; whoever has more calls again, behind these."""
PORTION = 500
"""Jobs that are steered in one transaction: it holds their rows."""


@dataclass(frozen=True)
class Met:
    """Jobs that a call takes, at most MOST, newest first; each with its place, as text; and if there are more.

    Behind a place the following call goes on: by the filter alone it would meet again those that it could not steer.
    """

    jobs: Sequence[JobId] = ()
    places: Sequence[str] = ()
    more: bool = False

    @property
    def next(self) -> str | None:
        """The place of the last where there are more behind it."""
        return self.places[-1] if self.more else None


def met_jobs(conn: Connection, tenant_id: str, wanted: JobFilter, before: JobId | None) -> Met:
    """The newest jobs that match, behind those that a call before met. The search goes on until it has them."""
    return _met([(id, id) for id in matching_ids(conn, tenant_id, wanted, before=before, most=MOST + 1)])


def named_jobs(conn: Connection, ids: Sequence[JobId], possible: Sequence[State], before: JobId | None) -> Met:
    """Those of these jobs that are in one of these states, behind those that a call before met."""
    behind = [id for id in ids if before is None or id < before]
    rows = conn.execute(SQL["jobs_among"], {"ids": behind, "states": list(possible)}).fetchall()
    return _met([(JobId(row["id"]), row["id"]) for row in rows])


def met_letters(
    conn: Connection, tenant_id: str, meant: LetterFilter | Sequence[JobId], before: LetterPlace | None
) -> Met:
    """The same for the jobs of open dead letters, that match or are named."""
    if isinstance(meant, LetterFilter):
        found = dead_jobs(conn, tenant_id, meant, before=before, most=MOST + 1)
    else:
        found = [(id, place) for id, place in open_letters(conn, meant) if before is None or place < before]
    return _met([(id, cursor(place)) for id, place in found])


def _met(found: Sequence[tuple[JobId, str]]) -> Met:
    """Of jobs with their places, which were looked for up to MOST + 1.

    >>> _met([(JobId("b"), "2"), (JobId("a"), "1")])
    Met(jobs=['b', 'a'], places=['2', '1'], more=False)
    """
    taken = found[:MOST]
    return Met([id for id, _ in taken], [place for _, place in taken], more=len(found) > MOST)


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


def steer(met: Met, do: Callable[[Sequence[JobId]], Sequence[JobId]], *, dry_run: bool = False) -> Tally:
    """Do it to these jobs. `do` answers with those that it concerned.

    A portion that meets a Conflict does nothing and is among those left. Raises TryLater when nothing was done; where
    something was, the call has met no more than the portions before, and `next` leads to the one that broke off:
    it may be done all the same, where the connection was lost at its end.

    >>> ids = [JobId(str(n)) for n in range(1200)]
    >>> steer(Met(ids, ids), lambda portion: portion[1:])
    Tally(matching=1200, done=1197, next=None)
    >>> steer(Met(ids, ids), lambda portion: portion, dry_run=True)
    Tally(matching=1200, done=0, next=None)
    """
    done = 0
    for at in range(0, 0 if dry_run else len(met.jobs), PORTION):
        try:
            done += _steered(met.jobs[at : at + PORTION], do)
        except TryLater as error:
            if not done:
                raise
            log.warning("%s jobs are done; it broke off after %s of %s: %s", done, at, len(met.jobs), error)
            return Tally(at, done, met.places[at - 1])
    return Tally(len(met.jobs), done, met.next)


def _steered(portion: Sequence[JobId], do: Callable[[Sequence[JobId]], Sequence[JobId]]) -> int:
    try:
        return len(do(portion))
    except Conflict:
        return 0
