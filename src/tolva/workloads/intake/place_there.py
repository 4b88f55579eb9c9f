"""A table of another database as the place of rows."""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, replace
from typing import Any

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.types.json import Jsonb

from tolva.db.pool import Connection
from tolva.errors import TryLater
from tolva.jobs.context import Context
from tolva.tables.handover import forget_handover, take_handover, write_handover
from tolva.tables.ledger import PASSING, taken_lines
from tolva.workloads.intake.place import ChunkOutcome
from tolva.workloads.intake.sql import SQL


class There:
    """Another database, which commits first, and with the rows a note of what they mean; see `tables.handover`."""

    ledger: sql.Composable = PASSING

    def __init__(self, ctx: Context, remote: Connection) -> None:
        self._ctx = ctx
        self._remote = remote

    def catch_up(self) -> None:
        """Write what the last chunk of this job did, if an end came between the two commits."""
        with self._remote.transaction():
            note = take_handover(self._remote, self._ctx.job_id)
            if self._is_news(note):
                with self._ctx.transaction() as conn:
                    ChunkOutcome(**note).write(self._ctx, conn)

    def hear_of(self, load_id: str) -> None:
        """Write what a load that has ended did last, if it could not do so itself."""
        with self._remote.transaction():
            note = take_handover(self._remote, load_id)
            if note is not None:
                with self._ctx.transaction() as conn:
                    conn.execute(SQL["add_ledger_late"], {"lines": Jsonb(note["ledger"])})
            forget_handover(self._remote, load_id)

    def _is_news(self, note: Any) -> bool:
        return note is not None and note["checkpoint"] != self._ctx.checkpoint

    @contextmanager
    def chunk(self) -> Generator[Connection]:
        """A transaction there. Raises TryLater when another worker has gone on meanwhile."""
        self._remote.execute("BEGIN")
        try:
            if self._is_news(take_handover(self._remote, self._ctx.job_id)):
                raise TryLater("Another worker has just gone on with this job.")
            yield self._remote
        finally:
            if self._remote.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
                with suppress(psycopg.OperationalError, psycopg.InternalError):  # it is gone, and rolled back by that
                    self._remote.execute("ROLLBACK")

    def own(self) -> AbstractContextManager[Connection]:
        """A transaction of the job, beside the one there."""
        return self._ctx.transaction()

    def keep(self, outcome: ChunkOutcome) -> None:
        """Note the outcome there, write it here, commit there and then here."""
        told: dict[str, Any] = asdict(replace(outcome, ledger=taken_lines(self._remote)))
        write_handover(self._remote, self._ctx.job_id, told)
        with self._ctx.transaction() as conn:
            ChunkOutcome(**told).write(self._ctx, conn)
            self._remote.execute("COMMIT")
