"""Rounds over all systems in turn, so that a slow minute of the machine falls on each of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.jobs import quiet
from bench.jobs.peer import Peer, Unavailable
from bench.jobs.visit import Plan, Visit, visit

Say = Callable[[str], None]


@dataclass
class Series:
    """What the rounds saw of one system; `missing` says why there is nothing."""

    peer: Peer
    visits: list[Visit] = field(default_factory=list)
    missing: str = ""


def run(peers: tuple[type[Peer], ...], plan: Plan, rounds: int, patience: float, say: Say) -> list[Series]:
    """A B C, A B C, …; a system that is unavailable once is left out from then on.

    Before each visit the machine gets up to `patience` seconds to come to rest.
    """
    series = [Series(peer()) for peer in peers]
    for number, one in _turns(series, rounds):
        say(f"round {number + 1} of {rounds}: {one.peer.name}")
        quiet.wait(patience)
        try:
            one.visits.append(visit(type(one.peer)(), plan))
        except Unavailable as error:
            one.missing = str(error)
            say(f"  left out: {error}")
        else:
            say(f"  {one.visits[-1]}")
    return series


def _turns(series: list[Series], rounds: int) -> Iterator[tuple[int, Series]]:
    for number in range(rounds):
        for one in series:
            if not one.missing:
                yield number, one
