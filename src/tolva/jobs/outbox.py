"""Outcomes on their way to PostgreSQL, in the order in which they came. What could not be written stays."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

import psycopg
from psycopg import errors as pg
from psycopg.rows import DictRow

from tolva.core.job import Outcome, Verb
from tolva.db.pool import Connection
from tolva.errors import DatabaseUnavailable
from tolva.jobs.endings import Ending, accepted, end_attempts
from tolva.jobs.failure import error_json
from tolva.jobs.rings import Ring, rings

log = logging.getLogger(__name__)

Connect = Callable[[], AbstractContextManager[Connection]]

REFUSALS = (psycopg.DataError, psycopg.IntegrityError, pg.ProgramLimitExceeded)
"""Errors that are about what an outcome holds. Any other says nothing about it, so it is kept and tried again."""
PATIENCE = 30.0
"""Seconds of other errors, after which one of the outcomes is thought to be to blame. It must not hold up others."""


class Outbox:
    """Safe to use from several threads; `send` from one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._endings: deque[Ending] = deque()
        self._failing_since: float | None = None

    def __len__(self) -> int:
        return len(self._endings)

    def put(self, endings: Iterable[Ending]) -> None:
        """To be written with the next `send`."""
        with self._lock:
            self._endings.extend(endings)

    def send(self, connect: Connect, written: Callable[[Ending], None]) -> list[Ring]:
        """Write all of them, and call `written` for each. Returns the rings to send.

        Raises DatabaseUnavailable, or psycopg.Error for a fault that no outcome is to blame for, as far as is known;
        what was not written by then stays. An outcome that cannot be written even alone is written as a failure.
        """
        left = self._take()
        try:
            to_ring = self._send(left, connect, written)
        except psycopg.Error:
            self._failing_since = self._failing_since or time.monotonic()
            raise
        except DatabaseUnavailable:
            self._failing_since = None  # nobody was there to take any of them: none has shown itself to blame
            raise
        else:
            self._failing_since = None
            return to_ring
        finally:
            with self._lock:
                self._endings.extendleft(reversed(left))

    def _take(self) -> deque[Ending]:
        with self._lock:
            taken, self._endings = self._endings, deque()
        return taken

    def _send(self, left: deque[Ending], connect: Connect, written: Callable[[Ending], None]) -> list[Ring]:
        """Takes from `left` what is written."""
        to_ring: list[Ring] = []
        together = True
        while left:
            batch = list(left) if together else [left[0]]
            try:
                to_ring += _write(connect, batch)
            except psycopg.Error as error:
                if not isinstance(error, REFUSALS) and not self._is_out_of_patience:
                    raise
                if together and len(batch) > 1:
                    together = False  # one of them is to blame: it fails alone, and the others are written
                    continue
                to_ring += _write_failure(connect, batch[0], error)
            for ending in batch:
                left.popleft()
                written(ending)
        return to_ring

    @property
    def _is_out_of_patience(self) -> bool:
        return self._failing_since is not None and time.monotonic() - self._failing_since >= PATIENCE


def _write(connect: Connect, endings: Sequence[Ending]) -> list[Ring]:
    with connect() as conn:
        rows = end_attempts(conn, endings)
    _tell_refused(endings, rows)
    return rings(rows)


def _write_failure(connect: Connect, refused: Ending, error: psycopg.Error) -> list[Ring]:
    """Instead of an outcome that PostgreSQL does not take."""
    log.warning("job %s: its outcome cannot be written", refused.job.id, exc_info=error)
    try:
        return _write(connect, [Ending(refused.job, Outcome(Verb.FAIL, error_json(error)))])
    except REFUSALS:
        log.exception("job %s: not even its failure can be written; its hard time limit ends it", refused.job.id)
        return []


def _tell_refused(endings: Sequence[Ending], rows: Sequence[DictRow]) -> None:
    moved = accepted(rows)
    for ending in endings:
        if ending.job.id not in moved:
            log.warning("job %s: the outcome of attempt %s was refused", ending.job.id, ending.job.attempt)
