"""Closing dead letters at the terminal: those of jobs that are named, or all that match, however many they are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tolva.core.job import JobId
from tolva.errors import InvalidInput
from tolva.jobs.letters import LetterFilter, with_letter
from tolva.jobs.work import Jobs
from tolva.web.access.caller import Caller
from tolva.web.portions import met_letters, steer
from tolva.web.steering import Steering


@dataclass(frozen=True)
class Closed:
    """Jobs whose letters were closed, or would be; how many were left as they are, and how many of these not tried."""

    jobs: list[JobId]
    left: int
    untried: int


def close(jobs: Jobs, by: Caller, meant: Sequence[JobId] | LetterFilter, deed: Steering, *, dry_run: bool) -> Closed:
    """Do it to the jobs of these letters. Raises InvalidInput, before anything is done, when a job has none open."""
    closed: list[JobId] = []
    left = untried = 0

    def do(ids: Sequence[JobId]) -> Sequence[JobId]:
        done = deed(jobs, by, ids)
        closed.extend(done)
        return done

    for met in _met(jobs, by.tenant_id, meant):
        if dry_run:
            closed.extend(met)
        else:
            told = steer(met, do, dry_run=False)
            left, untried = left + told.left, told.untried
        if untried:
            break
    return Closed(closed, left, untried)


def _met(jobs: Jobs, tenant_id: str, meant: Sequence[JobId] | LetterFilter) -> Iterator[Sequence[JobId]]:
    if isinstance(meant, LetterFilter):
        yield from _matching(jobs, tenant_id, meant)
    else:
        yield _named(jobs, tenant_id, meant)


def _named(jobs: Jobs, tenant_id: str, ids: Sequence[JobId]) -> list[JobId]:
    with jobs.db.transaction(tenant_id) as conn:
        found = with_letter(conn, ids)
    if unknown := sorted(set(ids) - set(found)):
        raise InvalidInput(f"No dead letter of: {', '.join(unknown)}. Nothing was done; `tolva dead ls` lists them.")
    return found


def _matching(jobs: Jobs, tenant_id: str, wanted: LetterFilter) -> Iterator[Sequence[JobId]]:
    """All that match, some at a time, each time behind those before: some of them may still be there."""
    place = None
    while True:
        with jobs.db.transaction(tenant_id) as conn:
            met = met_letters(conn, tenant_id, wanted, place)
        yield met.jobs
        place = met.next
        if place is None:
            return
