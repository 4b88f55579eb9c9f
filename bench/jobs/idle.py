"""What a system costs while it has nothing to do: CPU of the store and of the workers, in % of one core."""

from dataclasses import dataclass

import psutil

from bench.jobs import cpu
from bench.jobs.peer import Peer


@dataclass(frozen=True)
class Idle:
    store_percent: float | None  # None where the store's processes cannot be seen from here
    workers_percent: float
    machine_percent: float  # of all cores: the noise that others made meanwhile


def measure(peer: Peer, worker_pids: list[int], seconds: float) -> Idle:
    """Watch the processes for some seconds; the workers are connected and the queue is empty."""
    store_pids = peer.store_pids()
    store, work = cpu.seconds(store_pids), cpu.seconds(worker_pids)
    machine = psutil.cpu_percent(interval=seconds)
    store, work = cpu.seconds(store_pids) - store, cpu.seconds(worker_pids) - work
    return Idle(100 * store / seconds if store_pids else None, 100 * work / seconds, machine)
