"""From just before the call that enqueues to the first line of the job, at a steady 200 jobs a second.

The sender keeps to a timetable: a send that took long does not push the later ones back. What it really
reached is reported, since a system that cannot take 200 single jobs a second is measured at less.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from bench.jobs import stamps
from bench.jobs.peer import Peer
from bench.jobs.workers import Crew

PER_SECOND = 200


@dataclass(frozen=True)
class Latency:
    p50_ms: float
    p99_ms: float
    sent_per_second: float


def measure(peer: Peer, crew: Crew, directory: Path, seconds: float) -> Latency:
    """Send for some seconds to workers that run already; what they did before does not count."""
    seen = stamps.count(directory)
    n = int(seconds * PER_SECOND)
    began = time.time_ns()
    send_steadily(peer, n)
    ended = time.time_ns()
    crew.wait_until(lambda: stamps.count(directory) >= seen + n, f"{peer.name} had started the last job")
    waits = [start - sent for process in stamps.read(directory) for sent, start in process if sent >= began]
    cuts = quantiles(waits, n=100)
    return Latency(cuts[49] / 1e6, cuts[98] / 1e6, n * 1e9 / (ended - began))


def send_steadily(peer: Peer, n: int) -> None:
    """Send n jobs, each at its time in the table."""
    began = time.perf_counter()
    for i in range(n):
        ahead = began + i / PER_SECOND - time.perf_counter()
        if ahead > 0:
            time.sleep(ahead)
        peer.enqueue_one(time.time_ns())
