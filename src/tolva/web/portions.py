"""Steering many jobs: found at once, then told in portions, each in a transaction of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tolva.core.job import JobId
from tolva.errors import Conflict

MOST = 10_000
"""Jobs that one call steers; whoever has more calls again."""
PORTION = 500
"""Jobs that are steered in one transaction: it holds their rows."""


@dataclass(frozen=True)
class Steered:
    """What came of it. `more`: there are more than `matching`, which is where looking stopped."""

    matching: int
    more: bool
    done: int

    @property
    def left(self) -> int:
        """Those that were found and not steered."""
        return self.matching - self.done


def steer(found: Sequence[JobId], do: Callable[[Sequence[JobId]], Sequence[JobId]], *, dry_run: bool) -> Steered:
    """Do it to these jobs, which were looked for up to MOST + 1. `do` answers with those that it concerned.

    A portion that meets a Conflict does nothing and is among those left; the portions before it are done.

    >>> steer([JobId(str(n)) for n in range(1200)], lambda portion: portion[1:], dry_run=False)
    Steered(matching=1200, more=False, done=1197)
    >>> steer([JobId("1")], lambda portion: portion, dry_run=True)
    Steered(matching=1, more=False, done=0)
    """
    wanted = found[:MOST]
    portions = [] if dry_run else [wanted[at : at + PORTION] for at in range(0, len(wanted), PORTION)]
    return Steered(len(wanted), len(found) > MOST, sum(_steered(portion, do) for portion in portions))


def _steered(portion: Sequence[JobId], do: Callable[[Sequence[JobId]], Sequence[JobId]]) -> int:
    try:
        return len(do(portion))
    except Conflict:
        return 0
