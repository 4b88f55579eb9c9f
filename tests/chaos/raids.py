"""What can befall a crew and its PostgreSQL: one function each."""

from collections.abc import Callable
from datetime import UTC, datetime

from tests.chaos import census
from tests.chaos.crew import Crew
from tests.chaos.hand import Hand
from tests.chaos.postgres import Postgres
from tests.chaos.recovery import Strike

Raid = Callable[[Hand, Crew, Postgres], Strike]


def kill_worker(hand: Hand, crew: Crew, postgres: Postgres) -> Strike:
    victim = hand.pick("worker process", lambda: crew.workers)
    kill = Strike(datetime.now(UTC), "worker process", frozenset({victim.pid}))
    census.kill(victim)
    return kill


def kill_supervisor(hand: Hand, crew: Crew, postgres: Postgres) -> Strike:
    victim = hand.pick("supervisor", lambda: crew.supervisors)
    dying = frozenset(child.pid for child in census.children(victim))
    kill = Strike(datetime.now(UTC), "supervisor", dying)
    census.kill(victim)
    return kill


def kill_postmaster(hand: Hand, crew: Crew, postgres: Postgres) -> Strike:
    victim = hand.pick("postmaster", lambda: census.postmasters(postgres.place.data_dir))
    kill = Strike(datetime.now(UTC), "postmaster")
    census.kill(victim)
    return kill


def freeze_worker(hand: Hand, crew: Crew, postgres: Postgres) -> Strike:
    begun = datetime.now(UTC)
    hand.freeze("worker process", lambda: crew.workers)
    return Strike(begun, "worker process", froze=True)


def freeze_supervisor(hand: Hand, crew: Crew, postgres: Postgres) -> Strike:
    begun = datetime.now(UTC)
    hand.freeze("supervisor", lambda: crew.supervisors)
    return Strike(begun, "supervisor", froze=True)


# Of seven raids two are freezes, which take their time; the kills are what is measured.
RAIDS: tuple[Raid, ...] = (
    kill_worker,
    kill_worker,
    kill_supervisor,
    kill_supervisor,
    kill_postmaster,
    freeze_worker,
    freeze_supervisor,
)
