"""Where the slots of a process fetch jobs and hand back outcomes. Requests that meet travel together.

Each slot is a thread. The first to arrive makes the trip to PostgreSQL for everybody who has queued up meanwhile,
so an idle process answers in one round trip and a busy one spends one transaction on many jobs.
"""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import DictRow

from tolva.core.job import Claimed, JobId
from tolva.db.faults import translated
from tolva.db.pool import Connection, Database
from tolva.errors import LeaseLost
from tolva.jobs.endings import Ending, accepted, end_attempts
from tolva.jobs.sql import SQL
from tolva.jobs.store import Ring, rings

_LOST_LEASE = "TV001"
"""SQLSTATE of the function `claim` for a worker that is not registered any more."""


@dataclass(eq=False)
class _Request:
    """An ending to hand in, a queue to claim from, or both."""

    ending: Ending | None
    queue: str | None
    done: bool = False
    ended: bool = False
    accepted: bool = True
    to_ring: Sequence[Ring] = ()
    claimed: Claimed | None = None
    error: Exception | None = None


@dataclass(frozen=True)
class Answer:
    """What came back. `accepted` is False when another attempt owned the job of the ending."""

    claimed: Claimed | None
    accepted: bool
    to_ring: Sequence[Ring]


class Desk:
    """Claims and endings of one worker process."""

    def __init__(self, db: Database, worker_id: str) -> None:
        self._db = db
        self._worker_id = worker_id
        self._conn: Connection | None = None
        self._meeting = threading.Condition()
        self._waiting: list[_Request] = []
        self._under_way = False

    def exchange(self, ending: Ending | None, queue: str | None) -> Answer:
        """Hand in an ending, if there is one, and fetch the best job of the queue, if one is named.

        Raises DatabaseUnavailable or psycopg.Error when the ending may not be written; then ask again.
        Trouble with the claim alone shows only when there was no ending: LeaseLost, DatabaseUnavailable.
        """
        request = _Request(ending, queue)
        self._ask(request)
        if request.error is not None and not (ending and request.ended):
            raise request.error
        return Answer(request.claimed, request.accepted, request.to_ring)

    def close(self) -> None:
        """Close the connection."""
        if self._conn is not None:
            self._conn.close()

    def _ask(self, request: _Request) -> None:
        with self._meeting:
            self._waiting.append(request)
            while self._under_way and not request.done:
                self._meeting.wait()
            party: list[_Request] = []
            if not request.done:
                self._under_way = True
                party, self._waiting = self._waiting, []
        if party:
            self._travel(party)

    def _travel(self, party: Sequence[_Request]) -> None:
        try:
            self._end_all([request for request in party if request.ending])
            claims = [request for request in party if request.queue and request.error is None]
            for queue in sorted({request.queue for request in claims if request.queue}):
                self._claim_all(queue, [request for request in claims if request.queue == queue])
        finally:
            with self._meeting:
                for request in party:
                    request.done = True
                self._under_way = False
                self._meeting.notify_all()

    def _end_all(self, requests: Sequence[_Request]) -> None:
        if not requests:
            return
        try:
            with self._connection() as conn:
                rows = end_attempts(conn, [request.ending for request in requests if request.ending])
        except psycopg.DataError as error:
            # One of them holds what PostgreSQL cannot store: let it fail alone.
            if len(requests) == 1:
                requests[0].error = error
            else:
                for request in requests:
                    self._end_all([request])
        except Exception as error:
            _fail(requests, error)
        else:
            _answer_endings(requests, rows)

    def _claim_all(self, queue: str, requests: Sequence[_Request]) -> None:
        try:
            with self._connection() as conn:
                given = {"worker": self._worker_id, "queue": queue, "most": len(requests)}
                rows = conn.execute(SQL["claim"], given).fetchall()
        except psycopg.DatabaseError as error:
            lost = error.sqlstate == _LOST_LEASE
            _fail(requests, LeaseLost(str(error.diag.message_primary)) if lost else error)
        except Exception as error:
            _fail(requests, error)
        else:
            for request, row in zip(requests, rows, strict=False):
                given: dict[str, Any] = row | {"id": JobId(str(row["id"]))}
                request.claimed = Claimed(**given)

    @contextmanager
    def _connection(self) -> Generator[Connection]:
        with translated():
            if self._conn is None or self._conn.closed:
                self._conn = self._db.dedicated("desk")
            yield self._conn


def _fail(requests: Sequence[_Request], error: Exception) -> None:
    for request in requests:
        request.error = error


def _answer_endings(requests: Sequence[_Request], rows: Sequence[DictRow]) -> None:
    """The rings of the whole party go with its first request, so that they are sent once."""
    moved = accepted(rows)
    for request in requests:
        request.ended = True
        request.accepted = request.ending is not None and request.ending.job.id in moved
    requests[0].to_ring = rings(rows)
