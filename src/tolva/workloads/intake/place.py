"""Where the rows of a job go: into a table of Tolva's own database, or of another one. Exactly once in both."""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.types.json import Jsonb

from tolva.connectors.destinations import Destinations
from tolva.core.job import Json
from tolva.db.pool import Connection
from tolva.errors import TryLater
from tolva.jobs.context import Context
from tolva.tables.handover import create_handover, forget_handover, take_handover, write_handover
from tolva.tables.ledger import OWN, PASSING, PASSING_LEDGER, taken_lines
from tolva.tables.rights import refusals_told
from tolva.tables.schema import Schema
from tolva.workloads.intake.schemas import require_target
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


@contextmanager
def placed(ctx: Context, destinations: Destinations, schema: Schema, ended_load: str | None = None) -> Generator[Place]:
    """The place of a schema's rows, once its table is there and the job has caught up with it.

    With `ended_load`, also what the last chunk of that load did is known then, though the load may have ended too early
    to tell.
    Raises Conflict where the table is not there, InvalidInput where it does not fit, DatabaseUnavailable.
    """
    if schema.destination is None:
        with refusals_told():
            with ctx.transaction() as conn:
                require_target(conn, schema)
            yield _Here(ctx)
        return
    with destinations.connect(ctx.tenant_id, schema.destination) as remote:
        require_target(remote, schema)
        create_handover(remote)
        remote.execute(PASSING_LEDGER)
        place = _There(ctx, remote)
        place.catch_up()
        if ended_load:
            place.hear_of(ended_load)
        yield place
        forget_handover(remote, ctx.job_id)


@contextmanager
def session_beside(ctx: Context, destinations: Destinations, schema: Schema) -> Generator[Connection]:
    """A connection to where a schema's rows are, for reading and for temporary tables. Raises what `placed` raises."""
    if schema.destination is None:
        with refusals_told(), ctx.session("dry run") as session:
            require_target(session, schema)
            yield session
        return
    with destinations.connect(ctx.tenant_id, schema.destination) as remote:
        require_target(remote, schema)
        yield remote


class _Here:
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
        with self._ctx.transaction() as conn:
            conn.execute("SET LOCAL synchronous_commit = off")
            self._open = conn
            try:
                yield conn
            finally:
                self._open = None

    def own(self) -> AbstractContextManager[Connection]:
        assert self._open is not None, "a chunk is open"
        return nullcontext(self._open)

    def keep(self, outcome: ChunkOutcome) -> None:
        assert self._open is not None, "a chunk is open"
        outcome.write(self._ctx, self._open)


class _There:
    """Another database, which commits first, and with the rows a note of what they mean; see `tables.handover`."""

    ledger: sql.Composable = PASSING

    def __init__(self, ctx: Context, remote: Connection) -> None:
        self._ctx = ctx
        self._remote = remote

    def catch_up(self) -> None:
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
        return self._ctx.transaction()

    def keep(self, outcome: ChunkOutcome) -> None:
        told: dict[str, Any] = asdict(replace(outcome, ledger=taken_lines(self._remote)))
        write_handover(self._remote, self._ctx.job_id, told)
        with self._ctx.transaction() as conn:
            ChunkOutcome(**told).write(self._ctx, conn)
            self._remote.execute("COMMIT")
