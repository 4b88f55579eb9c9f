"""What a handler gets to work with."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NoReturn

from psycopg.rows import DictRow

from tolva.core.job import JobId, Json, NewJob
from tolva.core.ports import Engine
from tolva.db.faults import translated
from tolva.db.pool import Connection, Database, become_tenant
from tolva.jobs import store
from tolva.jobs.attempt import Attempt
from tolva.jobs.lifeline import ENDED_BY_FORCE
from tolva.jobs.payload import encode
from tolva.jobs.reported import checked
from tolva.jobs.rings import send_rings
from tolva.jobs.sql import SQL
from tolva.jobs.step import Step
from tolva.jobs.store import QueueOf


class WaitForChildren(BaseException):
    """Ends an attempt that goes on when its children have ended. No Exception, so that handlers do not catch it."""


class Context:
    """One attempt at one job: its parameters, its checkpoint, and the ways to write under its fence."""

    def __init__(self, attempt: Attempt, db: Database, queue_of: QueueOf, engine: Engine) -> None:
        self._attempt = attempt
        self._db = db
        self._queue_of = queue_of
        self._engine = engine
        self._step: Step | None = None
        self._pid = os.getpid()
        self.checkpoint: Json | None = attempt.job.checkpoint
        """What the last committed transaction saved; None at the very first start."""
        self.counters: Json = attempt.job.progress
        """The progress that was committed last."""
        self.completed = False
        """Whether `complete` was committed."""

    @property
    def job_id(self) -> JobId:
        """The job's id."""
        return self._attempt.job.id

    @property
    def tenant_id(self) -> str:
        """Whose job it is."""
        return self._attempt.job.tenant_id

    @property
    def params(self) -> Json:
        """What the job was asked to do."""
        return self._attempt.job.params

    @property
    def failures(self) -> int:
        """How many attempts have failed before this one."""
        return self._attempt.job.failures

    @property
    def cancelled(self) -> bool:
        """Whether the work must end now: cancelled, out of time, taken over, or the worker is going down."""
        return self._attempt.must_stop

    @property
    def seconds_left(self) -> float:
        """Until the soft time limit."""
        return self._attempt.seconds_left

    def check(self) -> None:
        """Raises what must end this attempt, if anything must. Call it in long loops; do not catch it."""
        if os.getpid() != self._pid:
            raise RuntimeError("a forked process must not use the context of the job; compute there, write here")
        self._attempt.check()

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """A transaction under the tenant and the fence; rows, checkpoint, progress and children commit in one go.

        Keep the pauses between its statements short: PostgreSQL ends it after 15 s of silence, so that a frozen
        worker holds no locks. Raises what `check` raises, LeaseLost when another attempt owns the job,
        DatabaseUnavailable; then nothing of it was written. After CommitLost nobody knows: the checkpoint of the next
        attempt tells. Do not catch it.
        """
        self.check()
        if self._step is not None:
            raise RuntimeError("a transaction of this job is open already")
        try:
            with self._db.transaction(self.tenant_id) as conn:
                step = self._step = Step(conn, self._attempt.job)
                step.require_owned()
                try:
                    yield conn
                finally:
                    self._end_copy()
                step.seal()
        finally:
            self._step = None
        self._committed(step)

    @contextmanager
    def session(self, purpose: str) -> Generator[Connection]:
        """A connection of this job alone, under its tenant but not under its fence: for reading and temporary tables.

        Raises DatabaseUnavailable.
        """
        with translated(), self._db.dedicated(purpose) as conn:
            become_tenant(conn, self.tenant_id, local=False)
            yield conn

    def save(self, checkpoint: Json) -> None:
        """Commit `checkpoint` with the open transaction: where the next attempt goes on."""
        self._open_step().checkpoint = checkpoint

    def progress(self, **counters: Any) -> None:
        """Show counters: with the open transaction, or at once when none is open. Those not named keep their value.

        Raises InvalidInput for a `total`, `processed`, `successful` or `failed` that is no count; see `reported`.
        """
        if self._step is None:
            with self.transaction():
                self.progress(**counters)
        else:
            self._step.progress = checked({**(self._step.progress or self.counters), **counters})

    def spawn(self, *jobs: NewJob) -> list[JobId]:
        """Make child jobs with the open transaction."""
        step = self._open_step()
        made, to_ring = store.enqueue(step.conn, self._queue_of, self.tenant_id, jobs, parent=self.job_id)
        step.spawned += sum(child.created for child in made)
        step.to_ring += to_ring
        return [child.id for child in made]

    def children(self) -> list[DictRow]:
        """The children: id, kind, state, result, and error, without its detail: all may read what comes of it."""
        self.check()
        with self._db.transaction(self.tenant_id) as conn:
            return conn.execute(SQL["children_of"], {"id": self.job_id, "most": None}).fetchall()

    def wait_for_children(self) -> NoReturn:
        """End this attempt; the handler is called again when the last child has ended. Save a checkpoint first."""
        if self._step is not None:
            raise RuntimeError("leave the transaction first: waiting inside it would undo it, children and all")
        raise WaitForChildren

    def complete(self, result: Json | None = None) -> None:
        """Commit the job's completion with the open transaction, which must be its last."""
        step = self._open_step()
        # Encoded here, where the handler can still see a refusal.
        step.result, step.completes = encode(result) if result is not None else None, True

    def _end_copy(self) -> None:
        """A forked copy of the handler shares the connection: it must end here, or it would end the transaction."""
        if os.getpid() != self._pid:
            os._exit(ENDED_BY_FORCE)

    def _open_step(self) -> Step:
        if self._step is None:
            raise RuntimeError("this needs an open transaction: with ctx.transaction() as conn: …")
        return self._step

    def _committed(self, step: Step) -> None:
        self.checkpoint = step.checkpoint if step.checkpoint is not None else self.checkpoint
        self.counters = step.progress if step.progress is not None else self.counters
        self.completed = step.completes
        send_rings(self._engine, step.to_ring)
