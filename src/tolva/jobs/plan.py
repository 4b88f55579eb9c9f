"""What a worker is made of, in a form that travels to its processes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tolva.core.ports import QueueSlots, ServingEngine
from tolva.db.pool import Database
from tolva.jobs.catalogue import Catalogue
from tolva.jobs.inbox import Inbox
from tolva.jobs.upkeep import Chore
from tolva.jobs.work import Jobs

IDLE_IN_TRANSACTION = 15.0
"""Seconds of silence after which PostgreSQL ends a worker's transaction: a frozen process holds no locks for longer."""


@dataclass(frozen=True)
class WorkerPlan:
    """Times in seconds. The functions are called anew in each process, so they must be importable."""

    dsn: str = field(repr=False)
    queues: tuple[QueueSlots, ...]
    make_catalogue: Callable[[], Catalogue]
    make_engine: Callable[[Database], ServingEngine]
    make_chores: Callable[[Jobs], Sequence[Chore]]
    make_inboxes: Callable[[], Sequence[Inbox]]
    processes: int
    lease: float
    grace: float
    memory_mb: int
    most_jobs: int
    """Jobs after which a process is replaced; 0 for never."""
    log_level: str
    log_format: str
    metrics: Path
    """Folder of what this machine's processes count."""

    @property
    def queue_names(self) -> list[str]:
        """The queues it serves."""
        return [each.queue for each in self.queues]

    @property
    def slots(self) -> int:
        """Jobs that one process runs at once."""
        return sum(each.slots for each in self.queues)

    def database(self, name: str, slots: int | None = None) -> Database:
        """A pool large enough for one process with so many slots; with those of the plan, when nothing is said."""
        size = (self.slots if slots is None else slots) + 2
        return Database(self.dsn, name=name, size=size, idle_in_transaction=IDLE_IN_TRANSACTION)
