"""Where the slots of a process fetch jobs and hand in outcomes. What meets travels together.

Each slot is a thread. The first to arrive makes the trip to PostgreSQL for everybody who queues up meanwhile, so an
idle process answers in one round trip. When jobs are so short that the trips would be most of the work, a trip also
brings a stock: a few milliseconds' worth of jobs that the slots then take without a trip, and outcomes wait for the
next one. There is no stock while a slot of the queue is idle, since nobody would wake it for what lies here; and what
lies unused for long is given back.
"""

import logging
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg.rows import args_row

from tolva.core.job import Claimed, JobId, Outcome, Verb
from tolva.db.faults import translated
from tolva.db.pool import Connection, Database
from tolva.errors import LeaseLost
from tolva.jobs.endings import Ending
from tolva.jobs.outbox import Outbox
from tolva.jobs.rings import Ring
from tolva.jobs.sql import SQL
from tolva.jobs.stock import Stock

log = logging.getLogger(__name__)

_LOST_LEASE = "TV001"
"""SQLSTATE of the function `claim` for a worker that is not registered any more."""
MOST_WAITING = 500
"""Outcomes that wait for a trip; one more makes it."""


@dataclass(eq=False)
class _Request:
    """A slot that waits for a trip; it wants a job of `queue`, or only to see its outcome written."""

    queue: str | None
    slot: int = field(default_factory=threading.get_ident)
    done: bool = False
    withdrawn: bool = False
    job: Claimed | None = None
    error: BaseException | None = None


class Dispatcher:
    """Claims and outcomes of one worker process. `ring` is called with the queues that an outcome made ready."""

    def __init__(self, db: Database, worker_id: str, ring: Callable[[Sequence[Ring]], None]) -> None:
        self._db = db
        self._worker_id = worker_id
        self._ring = ring
        self._conn: Connection | None = None
        self._meeting = threading.Condition()
        self._under_way = False
        self._waiting: list[_Request] = []
        self._outbox = Outbox()
        self._held: dict[JobId, Claimed] = {}
        self._answer_lost = False
        self._stocks: defaultdict[str, Stock] = defaultdict(Stock)
        self._idle: defaultdict[str, set[int]] = defaultdict(set)

    def exchange(self, ending: Ending | None, queue: str | None) -> Claimed | None:
        """Hand in an outcome, if there is one, and fetch the best job of the queue, if one is named.

        Raises DatabaseUnavailable when PostgreSQL is away (a handed-in outcome is kept and written later),
        LeaseLost when this worker may claim no more.
        """
        with self._meeting:
            if ending is not None:
                self._outbox.put([ending])
            if queue is not None:
                self._idle[queue].discard(threading.get_ident())
            may_wait = len(self._outbox) < MOST_WAITING
            if queue is not None and may_wait and (job := self._from_stock(queue)):
                return job
            request = _Request(queue)
            party = self._join(request)
        if party:
            self._travel(party)
        if request.error is not None:
            raise request.error
        return request.job

    def drop(self, job: Claimed) -> None:
        """The attempt has ended with nothing to hand in: it was completed, or refused, in a transaction of its own."""
        with self._meeting:
            self._held.pop(job.id, None)

    def tidy(self) -> None:
        """Write outcomes that nobody came by to write, and give back jobs that no slot was free for."""
        with self._meeting:
            for stock in self._stocks.values():
                self._release(stock.stale())
            idle = not self._outbox and not self._answer_lost
        if not idle:
            self.exchange(None, None)

    def close(self) -> None:
        """Write what is left, give back the stock, close the connection. Raises DatabaseUnavailable."""
        with self._meeting:
            for stock in self._stocks.values():
                self._release(stock.empty())
        try:
            self.exchange(None, None)
        finally:
            if self._conn is not None:
                self._conn.close()

    def _from_stock(self, queue: str) -> Claimed | None:
        stock = self._stocks[queue]
        if stale := stock.stale():
            self._release(stale)
        return stock.take()

    def _release(self, jobs: Sequence[Claimed]) -> None:
        self._outbox.put(Ending(job, Outcome(Verb.RELEASE)) for job in jobs)

    def _join(self, request: _Request) -> list[_Request]:
        """Wait for a trip that serves the request, or become the one who makes it; then returns whom it serves."""
        self._waiting.append(request)
        try:
            while self._under_way and not request.done:
                self._meeting.wait()
        except BaseException:
            self._withdraw(request)  # interrupted from outside, as the time limits of Celery and Dramatiq do
            raise
        if request.done:
            return []
        self._under_way = True
        party, self._waiting = self._waiting, []
        return party

    def _withdraw(self, request: _Request) -> None:
        """Nobody will ask for what the request gets."""
        request.withdrawn = True
        if request in self._waiting:
            self._waiting.remove(request)
        elif request.done and request.job is not None:
            self._release([request.job])

    def _travel(self, party: Sequence[_Request]) -> None:
        to_ring: list[Ring] = []
        try:
            if self._answer_lost:
                self._give_back_unknown()
            to_ring = self._outbox.send(self._connection, lambda ending: self.drop(ending.job))
            for queue in sorted({request.queue for request in party if request.queue}):
                self._claim(queue, [request for request in party if request.queue == queue])
        except BaseException as error:
            # Also what interrupts a thread from outside, as the time limits of Celery and Dramatiq do.
            self._answer_lost = True
            for request in party:
                request.error = error if request.job is None else None
            if not isinstance(error, Exception):
                raise
        finally:
            with self._meeting:
                for request in party:
                    request.done = True
                    if request.withdrawn and request.job is not None:
                        self._release([request.job])
                    if request.queue is not None and request.job is None:
                        self._idle[request.queue].add(request.slot)
                self._under_way = False
                self._meeting.notify_all()
        self._ring(to_ring)

    def _claim(self, queue: str, requests: Sequence[_Request]) -> None:
        stock = self._stocks[queue]
        with self._meeting:
            for request in requests:
                request.job = self._from_stock(queue)  # filled since the request was made
            requests = [request for request in requests if request.job is None]
            if not requests:
                return
            ahead = stock.wanted(len(requests)) if not self._idle[queue] else 0
        most = len(requests) + ahead
        given = {"worker": self._worker_id, "queue": queue, "most": most}
        try:
            with self._connection() as conn, conn.cursor(row_factory=args_row(Claimed)) as cursor:
                claimed = cursor.execute(SQL["claim"], given).fetchall()
        except psycopg.DatabaseError as error:
            if error.sqlstate == _LOST_LEASE:
                raise LeaseLost(str(error.diag.message_primary)) from None
            raise
        self._held |= {job.id: job for job in claimed}
        jobs = deque(claimed)
        for request in requests:
            request.job = jobs.popleft() if jobs else None
        with self._meeting:
            stock.fill(jobs, was_enough=len(claimed) < most)

    def _give_back_unknown(self) -> None:
        """A claim may have been committed though its answer never came: nobody works on what it took."""
        with self._connection() as conn:
            rows = conn.execute(SQL["running"], {"worker": self._worker_id}).fetchall()
            unknown = [(row["job_id"], row["attempt"]) for row in rows if row["job_id"] not in self._held]
            if unknown:
                log.warning("giving back %s jobs whose claim was not answered", len(unknown))
                conn.execute(SQL["give_back"], {"jobs": [id for id, _ in unknown], "attempts": [n for _, n in unknown]})
        self._answer_lost = False

    @contextmanager
    def _connection(self) -> Generator[Connection]:
        with translated():
            if self._conn is None or self._conn.closed:
                self._conn = self._db.dedicated("dispatcher")
            yield self._conn
