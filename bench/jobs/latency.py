"""From just before the call that enqueues to the first line of the job, at a steady pace.

The sender keeps to a timetable: a send that took long does not push the later ones back. What it really
reached is reported, since a system that cannot take so many single jobs is measured at less.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from bench.jobs import stamps
from bench.jobs.peer import Peer
from bench.jobs.workers import Crew

BUSY = 200
"""Jobs a second that keep a small machine at work."""
CALM = 20
"""Jobs a second that leave it idle most of the time."""


@dataclass(frozen=True)
class Latency:
    p50_ms: float
    p99_ms: float
    sent_per_second: float


def measure(peer: Peer, crew: Crew, directory: Path, seconds: float, pace: int) -> Latency:
    """Send for some seconds to workers that run already; what they did before does not count."""
    seen = stamps.count(directory)
    n = int(seconds * pace)
    began = time.time_ns()
    send_steadily(peer, n, pace)
    ended = time.time_ns()
    crew.wait_until(lambda: stamps.count(directory) >= seen + n, f"{peer.name} had started the last job")
    waits = [start - sent for process in stamps.read(directory) for sent, start in process if sent >= began]
    cuts = quantiles(waits, n=100)
    return Latency(cuts[49] / 1e6, cuts[98] / 1e6, n * 1e9 / (ended - began))


def send_steadily(peer: Peer, n: int, pace: int) -> None:
    """Send n jobs, `pace` a second, each at its time in the table."""
    began = time.perf_counter()
    for i in range(n):
        ahead = began + i / pace - time.perf_counter()
        if ahead > 0:
            time.sleep(ahead)
        peer.enqueue_one(time.time_ns())
