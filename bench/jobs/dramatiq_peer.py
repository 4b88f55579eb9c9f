"""Dramatiq on Redis, with its default middleware."""

import sys
from dataclasses import dataclass
from importlib.metadata import version

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from bench.jobs import redis_store, stamps

broker = RedisBroker(url=redis_store.URL)
dramatiq.set_broker(broker)


@dramatiq.actor
def noop(sent_ns: int) -> None:
    stamps.mark(sent_ns)


@dataclass(frozen=True)
class Settings:
    processes: int = 2
    threads: int = 32


class DramatiqPeer:
    """Dramatiq; one command starts all its processes."""

    name = "dramatiq"
    version = version("dramatiq")
    candidates = (
        Settings(1, 8),
        Settings(2, 4),
        Settings(2, 8),
        Settings(2, 32),
        Settings(2, 64),
        Settings(4, 8),
        Settings(4, 32),
    )

    def __init__(self, settings: Settings = Settings()) -> None:
        self.settings = settings
        self.copies = 1
        self._sent = 0

    def prepare(self) -> None:
        redis_store.claim()

    def enqueue(self, n: int) -> None:
        for _ in range(n):
            self.enqueue_one(0)

    def enqueue_one(self, payload: int) -> None:
        noop.send(payload)
        self._sent += 1

    def tidy(self) -> None:
        pass  # Redis has no upkeep to wait for

    def worker_command(self) -> list[str]:
        s = self.settings
        return [
            sys.executable,
            "-m",
            "dramatiq",
            __name__,
            f"--processes={s.processes}",
            f"--threads={s.threads}",
        ]

    def done(self) -> int:
        return self._sent - redis_store.client().hlen("dramatiq:default.msgs")

    def store_pids(self) -> list[int]:
        return redis_store.server_pids()

    def close(self) -> None:
        redis_store.release()
