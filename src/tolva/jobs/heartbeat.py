"""Leases of worker processes: begin, prolong, and give up, over a connection that nothing else uses."""

import logging
import os
import socket
from collections.abc import Sequence
from typing import Any

from psycopg.rows import DictRow

from tolva.core.job import JobId, Verb
from tolva.core.retry import FIRST_WAIT
from tolva.db.faults import translated
from tolva.db.pool import Connection, Database
from tolva.errors import TimeLimitExceeded, Unaccompanied, WorkerLost
from tolva.jobs.clock import JumpingClock
from tolva.jobs.endings import MOST_LOSSES
from tolva.jobs.failure import error_json
from tolva.jobs.rings import Ring, rings
from tolva.jobs.sql import SQL
from tolva.jobs.store import new_job_id

log = logging.getLogger(__name__)


class Heartbeat:
    """Every method raises DatabaseUnavailable when PostgreSQL is away; then try again later."""

    def __init__(self, db: Database, queues: Sequence[str], lease: float, crew: str | None = None) -> None:
        self._db = db
        self._crew = crew
        self._clock = JumpingClock()
        self._queues = list(queues)
        self._lease = lease
        self._conn: Connection | None = None

    def join(self) -> str:
        """Register a worker process that is about to start, or this one; returns its id."""
        worker_id = new_job_id()
        self._ask("open_queues", {"names": self._queues})
        given = {"id": worker_id, "host": socket.gethostname(), "pid": os.getpid(), "queues": self._queues}
        self._ask("join_worker", given | {"lease": self._lease, "crew": self._crew})
        return worker_id

    def started(self, worker_id: str, pid: int) -> None:
        """A registered process has started, under this process id."""
        self._ask("started_worker", {"id": worker_id, "pid": pid})

    def crew(self) -> list[DictRow]:
        """The workers of this crew: id, pid, busy."""
        return self._ask("crew", {"crew": self._crew})

    def companion(self) -> int:
        """The process that beats for the crew. Raises Unaccompanied."""
        for row in self._ask("companion", {"crew": self._crew}):
            return row["pid"]
        raise Unaccompanied("Nobody beats for this process: its companion has not begun, or has ended.")

    def note_deaf(self, workers: Sequence[str], reason: str | None) -> None:
        """These workers do not hear their rings, or hear them again."""
        self._ask("note_deaf", {"workers": list(workers), "reason": reason})

    def beat(self, workers: Sequence[str]) -> dict[str, JobId | None]:
        """Prolong leases: those still held, each with a job that has run over its hard limit, if it has one."""
        [clock] = self._ask("clock", {})
        jump = self._clock.look(clock["now"])
        if jump:
            log.warning("PostgreSQL's clock jumped by %+.0f s; running jobs keep the time that they have had", jump)
        rows = self._ask("beat", {"workers": list(workers), "jump": jump})
        self._clock.allow()
        return {str(row["worker_id"]): row["overdue"] and JobId(str(row["overdue"])) for row in rows}

    def leave(self, worker_id: str, verb: Verb, reason: str, culprit: JobId | None = None) -> list[Ring]:
        """A process has ended: its jobs go on elsewhere, and the culprit, if there is one, has failed."""
        told, late = error_json(WorkerLost(reason)), error_json(TimeLimitExceeded(reason))
        given = {"worker": worker_id, "reason": told, "culprit": culprit, "culprit_error": late}
        more = {"delay": 0.0 if culprit is None else FIRST_WAIT, "verb": verb, "most_losses": MOST_LOSSES}
        return rings(self._ask("leave_worker", given | more))

    def close(self) -> None:
        """Close the connection."""
        if self._conn is not None:
            self._conn.close()

    def _ask(self, query: str, given: dict[str, Any]) -> list[DictRow]:
        with translated():
            if self._conn is None or self._conn.closed:
                self._conn = self._db.dedicated("heartbeat")
                # A statement that hangs must not cost the lease.
                self._conn.execute("SELECT set_config('statement_timeout', %s, false)", (f"{self._lease / 3:.1f}s",))
            return self._conn.execute(SQL[query], given).fetchall()
