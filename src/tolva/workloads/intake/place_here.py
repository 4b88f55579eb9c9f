"""A table of Tolva's own database as the place of rows."""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from psycopg import sql

from tolva.db.pool import Connection
from tolva.jobs.context import Context
from tolva.tables.ledger import OWN
from tolva.workloads.intake.place import ChunkOutcome


class Here:
    """Tolva's own database: one transaction for all.

    Its commits do not wait for the disk. A power cut may take the last chunks, each with its rows, counts and
    checkpoint, and they are done again; the job's outcome waits, and so for all that came before it.
    """

    ledger: sql.Composable = OWN

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._open: Connection | None = None

    @contextmanager
    def chunk(self) -> Generator[Connection]:
        """A transaction of the job."""
        with self._ctx.transaction() as conn:
            conn.execute("SET LOCAL synchronous_commit = off")
            self._open = conn
            try:
                yield conn
            finally:
                self._open = None

    def own(self) -> AbstractContextManager[Connection]:
        """The same transaction."""
        assert self._open is not None, "a chunk is open"
        return nullcontext(self._open)

    def keep(self, outcome: ChunkOutcome) -> None:
        """Write the outcome beside the rows."""
        assert self._open is not None, "a chunk is open"
        outcome.write(self._ctx, self._open)
