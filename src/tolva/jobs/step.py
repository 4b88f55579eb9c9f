"""One open transaction of an attempt, and what it will commit besides its rows."""

from dataclasses import dataclass, field

from tolva.core.job import Claimed, Json, Outcome, Verb
from tolva.db.pool import Connection
from tolva.errors import Cancelled, LeaseLost
from tolva.jobs.endings import Ending, accepted, end_attempts
from tolva.jobs.payload import as_json
from tolva.jobs.rings import Ring, rings
from tolva.jobs.sql import SQL


@dataclass
class Step:
    """Collected while the transaction is open; written by `seal` as its last statement."""

    conn: Connection
    job: Claimed
    checkpoint: Json | None = None
    progress: Json | None = None
    spawned: int = 0
    result: str | None = None
    completes: bool = False
    to_ring: list[Ring] = field(default_factory=list[Ring])

    def require_owned(self) -> None:
        """Raises LeaseLost when another attempt owns the job, Cancelled when somebody cancelled it."""
        row = self.conn.execute(SQL["owned"], {"id": self.job.id, "attempt": self.job.attempt}).fetchone()
        if row is None:
            raise self.lost()
        if row["cancelled"]:
            raise Cancelled(f"Job {self.job.id} was cancelled.")

    def seal(self) -> None:
        """Write checkpoint, progress and outcome under the fence. Raises LeaseLost; the transaction must roll back."""
        if self.spawned or not self.completes:
            self._save()
        if self.completes:
            self._complete()

    def _save(self) -> None:
        given = {
            "id": self.job.id,
            "attempt": self.job.attempt,
            "checkpoint": as_json(self.checkpoint) if self.checkpoint is not None else None,
            "progress": as_json(self.progress) if self.progress is not None else None,
            "spawned": self.spawned,
        }
        if self.conn.execute(SQL["save"], given).fetchone() is None:
            raise self.lost()

    def _complete(self) -> None:
        rows = end_attempts(self.conn, [Ending(self.job, Outcome(Verb.COMPLETE, self.result), self.progress)])
        if self.job.id not in accepted(rows):
            raise self.lost()
        self.to_ring += rings(rows)

    def lost(self) -> LeaseLost:
        """The error for an attempt that does not own its job any more."""
        return LeaseLost(f"Attempt {self.job.attempt} of job {self.job.id} lost its lease; its write was refused.")
