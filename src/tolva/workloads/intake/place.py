"""Where the rows of a job go, chunk by chunk, and what has to be written with them. Exactly once wherever it is."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from psycopg import sql
from psycopg.types.json import Jsonb

from tolva.core.job import Json
from tolva.db.pool import Connection
from tolva.jobs.context import Context
from tolva.workloads.intake.sql import SQL


@dataclass(frozen=True)
class ChunkOutcome:
    """What one chunk means for its job, apart from the rows in their table. All of it is JSON."""

    checkpoint: Json
    progress: Json
    errors: Json
    """Columns, as `error_columns` makes them."""
    undone: Json | None = None
    """The line of the ledger that was put back, and what had to be left: the parameters of `mark_undone`."""
    ledger: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Lines that Tolva's own ledger lacks."""

    def write(self, ctx: Context, conn: Connection) -> None:
        """Write it in an open transaction of the job."""
        if self.ledger:
            conn.execute(SQL["add_ledger"], {"lines": Jsonb(self.ledger)})
        if self.errors["row"]:
            conn.execute(
                SQL["add_errors"], {"key": None, **self.errors, "job_id": ctx.job_id, "tenant_id": ctx.tenant_id}
            )
        if self.undone:
            conn.execute(SQL["mark_undone"], self.undone)
        ctx.save(self.checkpoint)
        ctx.progress(**self.progress)


class Place(Protocol):
    """The database that a job writes rows into, chunk by chunk."""

    ledger: sql.Composable
    """Where a chunk notes what it does."""

    def chunk(self) -> AbstractContextManager[Connection]:
        """A transaction for the rows of one chunk; what is done in it counts only if `keep` ends it."""
        ...

    def own(self) -> AbstractContextManager[Connection]:
        """Tolva's own database, for reading in an open chunk."""
        ...

    def keep(self, outcome: ChunkOutcome) -> None:
        """The last act in a chunk: its outcome, which is committed with the rows or not at all."""
        ...
