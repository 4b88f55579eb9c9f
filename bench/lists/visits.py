"""What a page of jobs can ask for: every filter, alone and together, rare and common."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from uuid import UUID

from bench.lists.sample import TENANTS
from tolva.core.job import JobId, State
from tolva.db.pool import Connection
from tolva.jobs.letters import LetterFilter, dead_letters
from tolva.jobs.listing import JobFilter, count_matching, list_jobs, matching_ids
from tolva.jobs.queue_states import queue_states, throughput

STATES = (), (State.COMPLETED,), (State.FAILED,), (State.RUNNING, State.WAITING), (State.CANCELLED, State.FAILED)
KINDS = (), ("bulk_upload",), ("dry_run",), ("sync", "undo"), ("nothing",)
QUEUES = (), ("light",)
SEARCHES = {
    "no search": None,
    "word of all": "productos",
    "word of a month": "marzo",
    "old month": "productos ene",
    "word of other kinds": "xlsx",
    "words that none has both": "xlsx csv",
    "number of a client": "cliente 17",
    "rare word": "Zanahorias",
    "word and number": "nr 123457",
    "no match": "xylophone",
    "one letter": "p",
}

MIDDLE = JobId(str(UUID(int=int((datetime.now(UTC) - timedelta(days=180)).timestamp() * 1000) << 80)))
"""An id of half a year ago."""


@dataclass(frozen=True)
class Visit:
    """A call for a tenant, in a transaction of it."""

    what: str
    tenant: str
    name: str
    call: Callable[[Connection], object]


def filters(now: datetime | None = None) -> Iterator[tuple[str, JobFilter]]:
    """Every combination, with a name."""
    now = now or datetime.now(UTC)
    spans = {"": (None, None), "last week": (now - timedelta(days=7), None)}
    spans["in spring"] = (now - timedelta(days=240), now - timedelta(days=120))
    for states, kinds, queues, search, span in product(STATES, KINDS, QUEUES, SEARCHES, spans):
        told = *states, *kinds, *queues, search, span
        yield ", ".join(filter(None, told)), JobFilter(states, queues, kinds, *spans[span], SEARCHES[search])
    ends = {"ended this hour": timedelta(hours=1), "ended this year": timedelta(days=366)}
    for states, kinds, search, end in product(STATES, KINDS, SEARCHES, ends):
        told = *states, *kinds, search, end
        yield ", ".join(told), JobFilter(states, (), kinds, search=SEARCHES[search], ended_since=now - ends[end])
    for kinds, search in product(KINDS, SEARCHES):
        told = "open question", *kinds, search
        yield ", ".join(told), JobFilter((), (), kinds, search=SEARCHES[search], open_question=True)


def letter_filters() -> Iterator[tuple[str, LetterFilter]]:
    """The same for dead letters."""
    for kinds, queues, search in product(KINDS, QUEUES, SEARCHES):
        yield ", ".join((*kinds, *queues, search)), LetterFilter(queues, kinds, SEARCHES[search])


def visits() -> Iterator[Visit]:
    """Every call that a page makes, for each tenant."""
    for tenant in TENANTS:
        for name, wanted in filters():
            yield Visit("list", tenant, name, partial(list_jobs, tenant_id=tenant, wanted=wanted))
            yield Visit(
                "list from the middle", tenant, name, partial(list_jobs, tenant_id=tenant, wanted=wanted, before=MIDDLE)
            )
            yield Visit("count", tenant, name, partial(count_matching, tenant_id=tenant, wanted=wanted))
            yield Visit("ids of 500", tenant, name, partial(matching_ids, tenant_id=tenant, wanted=wanted, most=500))
        for name, letters in letter_filters():
            yield Visit("dead letters", tenant, name, partial(dead_letters, tenant_id=tenant, wanted=letters))
        yield Visit("queues", tenant, "", queue_states)
        yield Visit("throughput", tenant, "", throughput)
