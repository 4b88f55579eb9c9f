"""Closing dead letters at the terminal: those of jobs that are named, or all that match, however many they are."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tolva.core.job import JobId
from tolva.errors import InvalidInput, TryLater
from tolva.jobs.letters import LetterFilter, with_letter
from tolva.jobs.work import Jobs
from tolva.web.access.caller import Caller
from tolva.web.letter_places import place
from tolva.web.met import met_letters
from tolva.web.portions import Tally, in_portions
from tolva.web.steering import BulkDeed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Closed:
    """Jobs whose letters were closed, or would be; how many were left, and if there are more: the database gave out."""

    jobs: list[JobId]
    left: int
    more: bool


def close(jobs: Jobs, by: Caller, meant: Sequence[JobId] | LetterFilter, deed: BulkDeed, *, dry_run: bool) -> Closed:
    """Do it to the jobs of these letters. Raises InvalidInput, before anything is done, when a job has none open.

    Raises TryLater when nothing was done; after CommitLost nobody knows that of the first of them.
    """
    closed: list[JobId] = []
    left = 0

    def do(ids: Sequence[JobId]) -> Sequence[JobId]:
        done = ids if dry_run else deed(jobs, by, ids)
        closed.extend(done)
        return done

    if not isinstance(meant, LetterFilter):
        _require(jobs, by.tenant_id, meant)
    try:
        for told in _told(jobs, by.tenant_id, meant, do):
            left += told.left
    except TryLater as error:
        if dry_run or not closed:
            raise
        log.warning("%s dead letters are closed; then it broke off: %s", len(closed), error)
        return Closed(closed, left, more=True)
    return Closed(closed, left, more=False)


def _require(jobs: Jobs, tenant_id: str, ids: Sequence[JobId]) -> None:
    with jobs.db.transaction(tenant_id) as conn:
        found = with_letter(conn, ids)
    if unknown := sorted(set(ids) - set(found)):
        raise InvalidInput(f"No dead letter of: {', '.join(unknown)}. Nothing was done; `tolva dead ls` lists them.")


def _told(
    jobs: Jobs,
    tenant_id: str,
    meant: Sequence[JobId] | LetterFilter,
    do: Callable[[Sequence[JobId]], Sequence[JobId]],
) -> Iterator[Tally]:
    """All of them, some at a time, each time behind those before: some of them may still be there."""
    before = None
    while True:
        with jobs.db.transaction(tenant_id) as conn:
            met = met_letters(conn, tenant_id, meant, place(before))
        told = in_portions(met, do)
        yield told
        before = told.next
        if before is None:
            return
