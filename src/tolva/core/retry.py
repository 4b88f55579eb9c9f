"""How long to wait before the next try."""

import random

FIRST_WAIT = 2.0
LONGEST_WAIT = 3600.0


def backoff(failures: int, retry_after: float | None = None, rng: random.Random | None = None) -> float:
    """Seconds to wait after that many failures: doubles each time, with up to a quarter of jitter on top.

    What the other side asked for (`retry_after`) is the least wait.

    >>> rng = random.Random(1)
    >>> [round(backoff(n, rng=rng)) for n in (1, 2, 3, 12)]
    [2, 5, 10, 3830]
    >>> backoff(1, retry_after=90) >= 90
    True
    """
    wait = min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT)
    jitter = (rng or random).uniform(1, 1.25)
    return max(wait, retry_after or 0.0) * jitter
