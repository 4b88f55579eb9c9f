"""What can befall a crew and its PostgreSQL: one function each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.chaos import census
from tests.chaos.brokers import Broker, restart
from tests.chaos.crew import Crew
from tests.chaos.hand import Hand
from tests.chaos.postgres import Postgres
from tests.chaos.recovery import Strike

Raid = Callable[[Hand, Crew, "Target"], Strike]


@dataclass(frozen=True)
class Target:
    """What may be struck besides the crew. `broker` carries the rings, where anything but PostgreSQL does."""

    postgres: Postgres
    broker: Broker | None = None


def kill_worker(hand: Hand, crew: Crew, target: Target) -> Strike:
    victim = hand.pick("worker process", lambda: crew.workers)
    kill = Strike(datetime.now(UTC), "worker process", frozenset({victim.pid}))
    census.kill(victim)
    return kill


def kill_supervisor(hand: Hand, crew: Crew, target: Target) -> Strike:
    victim = hand.pick("supervisor", lambda: crew.supervisors)
    dying = frozenset(child.pid for child in census.children(victim))
    kill = Strike(datetime.now(UTC), "supervisor", dying)
    census.kill(victim)
    return kill


def kill_postmaster(hand: Hand, crew: Crew, target: Target) -> Strike:
    victim = hand.pick("postmaster", lambda: census.postmasters(target.postgres.place.data_dir))
    kill = Strike(datetime.now(UTC), "postmaster")
    census.kill(victim)
    return kill


def freeze_worker(hand: Hand, crew: Crew, target: Target) -> Strike:
    begun = datetime.now(UTC)
    hand.freeze("worker process", lambda: crew.workers)
    return Strike(begun, "worker process", froze=True)


def freeze_supervisor(hand: Hand, crew: Crew, target: Target) -> Strike:
    begun = datetime.now(UTC)
    hand.freeze("supervisor", lambda: crew.supervisors)
    return Strike(begun, "supervisor", froze=True)


def flush_broker(hand: Hand, crew: Crew, target: Target) -> Strike:
    begun = datetime.now(UTC)
    assert target.broker
    target.broker.flush()
    return Strike(begun, "rings", froze=True)


def restart_broker(hand: Hand, crew: Crew, target: Target) -> Strike:
    begun = datetime.now(UTC)
    assert target.broker
    restart(target.broker, hand.rng.uniform(0.5, 3))
    return Strike(begun, "broker", froze=True)


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
BROKER_RAIDS: tuple[Raid, ...] = (*RAIDS[1:], flush_broker, restart_broker)
