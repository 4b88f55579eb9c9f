"""The mixture of jobs of the ledger test, and what must have become of each at the end."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chaos.postgres import Postgres, patiently
from tolva.core.job import JobId, NewJob
from tolva.errors import Conflict
from tolva.jobs.schedule import Schedule, put_schedule
from tolva.jobs.work import Jobs

TENANTS = ("norte", "sur")
SHARES = {
    "short": 38,
    "plain": 14,
    "long": 14,
    "doomed": 6,  # long, and cancelled at some moment
    "withdrawn": 4,  # cancelled before any worker comes
    "late": 6,  # with a time ahead
    "twin": 4,  # asked for three times under one key
    "stumble": 5,
    "hopeless": 3,
    "never": 3,
    "family": 3,
}
"""Of each hundred jobs."""
TICKS = 30
"""Missed ticks of the schedule."""


@dataclass(frozen=True)
class Wish:
    """A job as it was asked for. `role` is a name of SHARES."""

    role: str
    tenant: str
    job: NewJob


@dataclass
class Book:
    """Every job that was asked for, by id."""

    wishes: dict[JobId, Wish] = field(default_factory=dict[JobId, Wish])

    def of(self, *roles: str) -> list[JobId]:
        """The jobs with one of these roles."""
        return [id for id, wish in self.wishes.items() if wish.role in roles]


def draw(rng: random.Random, count: int) -> list[Wish]:
    """So many wishes, mixed by SHARES."""
    roles = rng.choices(list(SHARES), weights=list(SHARES.values()), k=count)
    return [Wish(role, rng.choice(TENANTS), _job(role, f"{role} {n}", rng)) for n, role in enumerate(roles)]


def _job(role: str, key: str, rng: random.Random) -> NewJob:
    steady = {"steps": rng.randrange(4, 12), "rest": rng.choice([0.05, 0.1, 0.2])}
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "long": ("long", steady),
        "doomed": ("long", {"steps": 60, "rest": 0.05}),
        "withdrawn": ("long", steady),
        "late": ("short", {}),
        "twin": ("short", {}),
        "stumble": ("stumble", {"falls": rng.choice([1, 2])}),
        "family": ("family", {"depth": rng.choice([1, 2])}),
    }
    kind, params = kinds.get(role, (role, {}))
    run_at = datetime.now(UTC) + timedelta(seconds=rng.uniform(2, 15)) if role == "late" else None
    forever = role == "twin" or rng.random() < 0.5
    return NewJob(kind, params, run_at=run_at, unique_key=key, unique_forever=forever)


def ask_for(jobs: Jobs, wishes: Sequence[Wish], book: Book) -> None:
    """Enqueue these. Each has a key, so whoever does not know whether PostgreSQL has heard it may ask again."""
    for tenant in TENANTS:
        own = [wish for wish in wishes if wish.tenant == tenant]
        book.wishes |= dict(
            zip(patiently(lambda own=own, tenant=tenant: _enqueue(jobs, tenant, own)), own, strict=True)
        )


def _enqueue(jobs: Jobs, tenant: str, wishes: Sequence[Wish]) -> list[JobId]:
    with jobs.work(tenant) as work:
        made = work.enqueue(*(wish.job for wish in wishes))
        for again in range(2):
            twins = [wish.job for wish in wishes if wish.role == "twin"]
            expected = [each.id for each, wish in zip(made, wishes, strict=True) if wish.role == "twin"]
            assert [each.id for each in work.enqueue(*twins)] == expected, f"a key had two jobs ({again})"
    return [each.id for each in made]


def call_off(jobs: Jobs, book: Book, ids: Sequence[JobId]) -> None:
    """Cancel these, however often it takes."""
    for id in ids:
        patiently(lambda id=id: _cancel(jobs, book.wishes[id].tenant, id))


def _cancel(jobs: Jobs, tenant: str, id: JobId) -> None:
    try:
        with jobs.work(tenant) as work:
            work.cancel(id)
    except Conflict:
        pass  # it ended before, or the try before this one was heard


def put_missed_schedule(jobs: Jobs, postgres: Postgres) -> datetime:
    """A schedule that comes every minute and has missed TICKS of them; returns the first."""
    first = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=TICKS - 1)
    schedule = Schedule("each minute", "* * * * *", "UTC", NewJob("tick"))
    with jobs.work(TENANTS[0]) as work:
        put_schedule(work.conn, jobs.catalogue, TENANTS[0], schedule)
    postgres.ask("UPDATE tolva.schedules SET next_at = %(first)s", {"first": first})
    return first
