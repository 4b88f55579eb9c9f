"""What a page of jobs can ask for: every filter, alone and together, rare and common."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

from bench.lists.sample import TENANTS
from tolva.core.job import State
from tolva.db.pool import Connection
from tolva.jobs.letters import LetterFilter, dead_jobs, dead_letters
from tolva.jobs.listing import JobFilter, count_matching, list_jobs, matching_ids
from tolva.jobs.queue_states import queue_states, throughput

STATES = (), (State.COMPLETED,), (State.FAILED,), (State.RUNNING, State.WAITING), (State.CANCELLED, State.FAILED)
KINDS = (), ("bulk_upload",), ("sync", "undo"), ("nothing",)
QUEUES = (), ("light",)
SEARCHES = {
    "no search": None,
    "word of all": "productos",
    "word of a month": "marzo",
    "old month": "productos ene",
    "number of a client": "cliente 17",
    "rare word": "Zanahorias",
    "word and number": "nr 123457",
    "no match": "xylophone",
    "one letter": "p",
}
Visit = Callable[[Connection], object]


def visits(now: datetime | None = None) -> Iterator[tuple[str, Visit]]:
    """A name and a call for each."""
    now = now or datetime.now(UTC)
    spans = {"": (None, None), "last week": (now - timedelta(days=7), None)}
    spans["in spring"] = (now - timedelta(days=240), now - timedelta(days=120))
    for tenant, states, kinds, queues, search, span in product(TENANTS, STATES, KINDS, QUEUES, SEARCHES, spans):
        told = f"{tenant} {'+'.join(states) or '-'} {'+'.join(kinds) or '-'} {'+'.join(queues) or '-'} {search} {span}"
        begin, end = spans[span]
        wanted = JobFilter(states, queues, kinds, begin, end, SEARCHES[search])
        yield f"{told} | list", lambda conn, t=tenant, w=wanted: list_jobs(conn, t, w)
        yield f"{told} | count", lambda conn, t=tenant, w=wanted: count_matching(conn, t, w)
        yield f"{told} | ids", lambda conn, t=tenant, w=wanted: matching_ids(conn, t, w, most=500)
    for tenant, kinds, queues, search in product(TENANTS, KINDS, QUEUES, SEARCHES):
        letters = LetterFilter(queues, kinds, SEARCHES[search])
        told = f"{tenant} {'+'.join(kinds) or '-'} {'+'.join(queues) or '-'} {search}"
        yield f"{told} | dead letters", lambda conn, t=tenant, w=letters: dead_letters(conn, t, w)
        yield f"{told} | dead jobs", lambda conn, t=tenant, w=letters: dead_jobs(conn, t, w, most=500)
    for tenant in TENANTS:
        yield f"{tenant} | queues", queue_states
        yield f"{tenant} | throughput", throughput


def tenant_of(name: str) -> str:
    """Whose visit it is."""
    return name.partition(" ")[0]
