"""One visit to one system: every measurement in turn, in a store made for it and removed afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.jobs import idle, latency, rate, stamps, workers
from bench.jobs.idle import Idle
from bench.jobs.latency import Latency
from bench.jobs.peer import KeepsHistory, Peer
from bench.jobs.rate import Rate
from bench.jobs.workers import Crew

WARM_UP = 200


@dataclass(frozen=True)
class Plan:
    """How much of everything; the defaults are those of a published run."""

    jobs: int = 10_000
    latency_seconds: float = 10
    idle_seconds: float = 10
    history: int = 0


@dataclass(frozen=True)
class Visit:
    idle: Idle
    latency: Latency
    calm_latency: Latency
    rate: Rate
    rate_over_history: Rate | None


def visit(peer: Peer, plan: Plan) -> Visit:
    """Measure one system once; raises Unavailable."""
    with prepared(peer) as directory:
        with workers.running(peer, directory) as crew:
            _warm_up(peer, crew, directory)
            at_rest = idle.measure(peer, crew.pids(), plan.idle_seconds)
            calm = latency.measure(peer, crew, directory, plan.latency_seconds, latency.CALM)
            busy = latency.measure(peer, crew, directory, plan.latency_seconds, latency.BUSY)
        return Visit(
            at_rest, busy, calm, rate.measure(peer, directory, plan.jobs), _over_history(peer, directory, plan)
        )


@contextmanager
def prepared(peer: Peer) -> Iterator[Path]:
    """The system with an empty queue, and a directory for the stamps of its jobs."""
    peer.prepare()
    try:
        with TemporaryDirectory() as parent:
            directory = Path(parent, "stamps")
            directory.mkdir()
            yield directory
    finally:
        peer.close()


def _warm_up(peer: Peer, crew: Crew, directory: Path) -> None:
    # Paced like the measurement, so that every process gets its share and none is still importing later.
    latency.send_steadily(peer, WARM_UP, latency.BUSY)
    crew.wait_until(lambda: stamps.count(directory) >= WARM_UP, f"{peer.name} was warm")
    crew.wait_until(lambda: peer.done() >= WARM_UP, f"{peer.name} was at rest")
    peer.tidy()


def _over_history(peer: Peer, directory: Path, plan: Plan) -> Rate | None:
    if not (plan.history and isinstance(peer, KeepsHistory)):
        return None
    peer.fill_history(plan.history)
    return rate.measure(peer, directory, plan.jobs)
