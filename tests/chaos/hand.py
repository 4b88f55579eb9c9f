"""The hand that strikes: finds a victim as soon as there is one, and kills or freezes it."""

import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.chaos import census
from tests.chaos.census import Process
from tests.chaos.waiting import until

T = TypeVar("T")
Find = Callable[[], Sequence[Process]]


@dataclass(frozen=True)
class Hand:
    """`lease` in seconds; `keep_up` starts again what a service manager would."""

    rng: random.Random
    lease: float
    keep_up: Callable[[], None]

    def pick(self, what: str, find: Find) -> Process:
        """One of those found, as soon as there is one."""

        def look() -> Sequence[Process]:
            self.keep_up()
            return find()

        return self.rng.choice(until(look, f"there is a {what} to strike", look=0.02))

    def kill(self, what: str, find: Find) -> None:
        """Kill one."""
        census.kill(self.pick(what, find))

    def freeze(self, what: str, find: Find) -> None:
        """Stop one past its lease, and let it go on."""
        process = self.pick(what, find)
        census.send(process, signal.SIGSTOP)
        self.rest(self.lease + self.rng.uniform(0.5, 2))
        census.send(process, signal.SIGCONT)

    def rest(self, seconds: float) -> None:
        """Let so much time pass, in which whatever ends is started again."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.keep_up()
            time.sleep(min(left, 0.1))


def deal(rng: random.Random, deck: Sequence[T], count: int) -> Iterator[T]:
    """So many cards in random order, each as often as it is in the deck."""
    left: list[T] = []
    for _ in range(count):
        if not left:
            left = rng.sample(deck, len(deck))
        yield left.pop()


def name_of(strike: Callable[..., object]) -> str:
    """A strike in words.

    >>> name_of(deal)
    'deal'
    """
    return strike.__name__.replace("_", " ")
