"""Which jobs a call for many takes: some thousands at most, and where the following call goes on."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from tolva.core.job import JobId, State
from tolva.db.pool import Connection
from tolva.jobs.letters import LetterFilter, LetterPlace, dead_jobs, open_letters
from tolva.jobs.listing import JobFilter, jobs_among, matching_ids
from tolva.web.letter_places import cursor

MOST = 10_000
"""Jobs that one call takes; whoever has more calls again, behind these."""


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

    def without(self, others: Set[JobId]) -> "Met":
        """The same but for some of them; where none is left, there is nothing to go on behind.

        >>> Met([JobId("b"), JobId("a")], ["2", "1"], more=True).without({JobId("a")})
        Met(jobs=['b'], places=['2'], more=True)
        """
        kept = [pair for pair in zip(self.jobs, self.places, strict=True) if pair[0] not in others]
        return Met([id for id, _ in kept], [place for _, place in kept], self.more and bool(kept))


def met_jobs(conn: Connection, tenant_id: str, wanted: JobFilter, before: JobId | None) -> Met:
    """The newest jobs that match, behind those that a call before met. The search goes on until it has them."""
    return _met([(id, id) for id in matching_ids(conn, tenant_id, wanted, before=before, most=MOST + 1)])


def named_jobs(conn: Connection, ids: Sequence[JobId], possible: Sequence[State], before: JobId | None) -> Met:
    """Those of these jobs that are in one of these states, behind those that a call before met."""
    behind = [id for id in ids if before is None or id < before]
    return _met([(JobId(row["id"]), row["id"]) for row in jobs_among(conn, behind, possible)])


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
