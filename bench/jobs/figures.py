"""From the visits of one system to the figures of its row."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench.jobs.latency import CALM
from bench.jobs.visit import Visit

Reading = Callable[[Visit], float | None]


@dataclass(frozen=True)
class Figure:
    """The median of the rounds with the smallest and the largest."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Measure:
    """One column: its heading, how to read it off a visit, and how to print it."""

    heading: str
    read: Reading
    digits: int = 0


RATE = Measure("no-op jobs/s", lambda v: v.rate.jobs_per_second)
LATENCY = Measure("p50 ms", lambda v: v.latency.p50_ms, 1)
CALM_LATENCY = Measure(f"p50 ms at {CALM}/s", lambda v: v.calm_latency.p50_ms, 1)
MEASURES = (
    RATE,
    Measure("finished/s", lambda v: v.rate.finished_per_second),
    Measure("enqueued/s", lambda v: v.rate.enqueued_per_second),
    LATENCY,
    Measure("p99 ms", lambda v: v.latency.p99_ms, 1),
    CALM_LATENCY,
    Measure(f"p99 ms at {CALM}/s", lambda v: v.calm_latency.p99_ms, 1),
    Measure("sent/s", lambda v: v.latency.sent_per_second),
    Measure("idle store CPU %", lambda v: v.idle.store_percent, 2),
    Measure("idle worker CPU %", lambda v: v.idle.workers_percent, 2),
    Measure("machine busy %", lambda v: v.idle.machine_percent),
    Measure("over history jobs/s", lambda v: v.rate_over_history and v.rate_over_history.jobs_per_second),
)


def figure(visits: list[Visit], measure: Measure) -> Figure | None:
    """The figure of these visits, or None where nothing was measured."""
    values = [value for value in map(measure.read, visits) if value is not None]
    return Figure(median(values), min(values), max(values)) if values else None
