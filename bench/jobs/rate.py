"""No-op jobs per second: a full queue, then the workers, by the times the jobs write themselves.

The clock runs from the moment every process has begun, and no sooner than 5 % of the jobs, until 95 % of
them. So neither the start of a process nor the last, uneven batch counts. Since a system may start jobs sooner
than it books their end, the rate until its own books call every job finished stands beside it.
"""

import time
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from bench.jobs import stamps, workers
from bench.jobs.peer import Peer


@dataclass(frozen=True)
class Rate:
    jobs_per_second: float
    finished_per_second: float
    enqueued_per_second: float


def measure(peer: Peer, directory: Path, n: int) -> Rate:
    """Enqueue n jobs, run them all, and see what it took."""
    stamps.clear(directory)
    before = peer.done()
    enqueued = n / _seconds_of_enqueue(peer, n)
    peer.tidy()
    with workers.running(peer, directory) as crew:
        crew.wait_until(lambda: stamps.count(directory) >= n, f"{peer.name} had started {n} jobs")
        crew.wait_until(lambda: peer.done() - before >= n, f"{peer.name} had finished its books")
        finished_ns = time.time_ns()
    started = [[start for _, start in process] for process in stamps.read(directory)]
    return Rate(steady_rate(started), rate_to_the_end(started, finished_ns), enqueued)


def _seconds_of_enqueue(peer: Peer, n: int) -> float:
    began = time.perf_counter()
    peer.enqueue(n)
    return time.perf_counter() - began


def steady_rate(processes: list[list[int]]) -> float:
    """Starts per second from the common beginning to the 95th percentile.

    >>> steady_rate([[t * 1_000_000 for t in range(1000)]])
    1000.0
    """
    starts = sorted(chain(*processes))
    return _per_second(starts, _common_beginning(processes), starts[len(starts) * 19 // 20])


def rate_to_the_end(processes: list[list[int]], finished_ns: int) -> float:
    """Jobs per second from the common beginning until all are finished."""
    return _per_second(sorted(chain(*processes)), _common_beginning(processes), finished_ns)


def _common_beginning(processes: list[list[int]]) -> int:
    starts = sorted(chain(*processes))
    return max(*map(min, processes), starts[len(starts) // 20])


def _per_second(starts: list[int], first: int, last: int) -> float:
    if last <= first:
        raise ValueError("nearly all jobs were done before the last process began; measure with more --jobs")
    return sum(first < start <= last for start in starts) / ((last - first) / 1e9)
