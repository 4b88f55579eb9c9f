"""One attempt from claim to outcome."""

import logging
import os
import time

from tolva.core.job import Claimed, Outcome, Verb
from tolva.core.ports import Engine
from tolva.core.retry import backoff
from tolva.db.faults import fell_silent
from tolva.db.pool import Database
from tolva.errors import (
    CallerError,
    Cancelled,
    DatabaseUnavailable,
    Draining,
    LeaseLost,
    Never,
    StorageUnavailable,
    TolvaError,
    TryLater,
)
from tolva.jobs.attempt import Attempt, Attempts
from tolva.jobs.catalogue import Catalogue
from tolva.jobs.context import Context, WaitForChildren
from tolva.jobs.dispatcher import Dispatcher
from tolva.jobs.endings import Ending
from tolva.jobs.failure import error_json
from tolva.jobs.lifeline import ENDED_BY_FORCE
from tolva.jobs.meter import JobMeter
from tolva.jobs.payload import encode
from tolva.jobs.spans import note_error, note_verdict, processing
from tolva.jobs.verdict import verdict
from tolva.logs import log_context

log = logging.getLogger(__name__)

DATABASE_PAUSE = 2.0
"""Seconds before a job is tried again that PostgreSQL had no room for."""
STORAGE_PAUSE = 30.0
"""Seconds before a job is tried again that found the stored files away: somebody must mend that."""
LONGEST_CALL = 1.0
"""Seconds after which a call takes no further job, so that the engine can see to its rings."""


class Runner:
    """Runs jobs of one worker process. `run_next` is what engines call, from as many threads as there are slots."""

    def __init__(
        self,
        db: Database,
        catalogue: Catalogue,
        engine: Engine,
        dispatcher: Dispatcher,
        attempts: Attempts,
        meter: JobMeter,
    ) -> None:
        self._db = db
        self._catalogue = catalogue
        self._engine = engine
        self._dispatcher = dispatcher
        self._attempts = attempts
        self._meter = meter
        self._stopped = False
        self.ran = 0
        """Attempts that have ended, about."""

    def stop(self) -> None:
        """Claim no further jobs."""
        self._stopped = True

    def run_next(self, queue: str) -> bool:
        """Run ready jobs of `queue`, best first, for a while. False when there was none left.

        An outcome is handed in together with the claim of the next job, so short jobs cost one trip each at most.
        Raises DatabaseUnavailable, LeaseLost.
        """
        until = time.monotonic() + LONGEST_CALL
        job = None if self._stopped else self._dispatcher.exchange(None, queue)
        while job is not None:
            ending = self._run(job)
            if ending is None:
                self._dispatcher.drop(job)
            if self._stopped or time.monotonic() > until:
                self._dispatcher.exchange(ending, None)
                return True
            job = self._dispatcher.exchange(ending, queue)
        return False

    def _run(self, job: Claimed) -> Ending | None:
        attempt = Attempt(job)
        self._attempts.add(attempt)
        about = {"job": job.id, "tenant": job.tenant_id, "queue": job.queue, "kind": job.kind, "attempt": job.attempt}
        try:
            with log_context(**about), processing(job):
                return self._ending(attempt)
        finally:
            self._attempts.remove(attempt)
            self.ran += 1

    def _ending(self, attempt: Attempt) -> Ending | None:
        job, pid, began = attempt.job, os.getpid(), time.monotonic()
        self._meter.began(job)
        ctx = Context(attempt, self._db, self._catalogue.queue_of, self._engine)
        outcome = self._outcome(ctx, job)
        if os.getpid() != pid:
            # the handler forked and this is the copy: it must not speak on its parent's connections
            os._exit(ENDED_BY_FORCE)
        word = verdict(job, outcome, ctx.completed)
        note_verdict(word)
        self._meter.ended(job, word, time.monotonic() - began)
        return Ending(job, outcome) if outcome is not None else None

    def _outcome(self, ctx: Context, job: Claimed) -> Outcome | None:
        """None when there is nothing to write: it is written already, or refused."""
        try:
            result = self._catalogue.handler(job.kind).run(ctx)
            if ctx.completed:
                return None
            return Outcome(Verb.COMPLETE, encode(result) if result is not None else None)
        except WaitForChildren:
            return Outcome(Verb.WAIT)
        except BaseException as error:
            # A fault after the completion was committed changes nothing any more.
            if ctx.completed:
                return None
            note_error(error)
            return classify(error, job)


def classify(error: BaseException, job: Claimed) -> Outcome | None:
    """What an exception means for the job; None when another attempt owns it."""
    if isinstance(error, LeaseLost):
        log.warning("%s", error)
        return None
    if isinstance(error, Cancelled):
        return Outcome(Verb.CANCEL)
    if isinstance(error, Draining):
        return Outcome(Verb.RELEASE)
    expected = isinstance(error, TolvaError)
    level = logging.INFO if isinstance(error, CallerError) else logging.WARNING  # a bad file is no trouble of ours
    log.log(level, "job %s (%s): %s", job.id, job.kind, error, exc_info=None if expected else error)
    if isinstance(error, DatabaseUnavailable | StorageUnavailable):
        # Our own database or store was away or full: no fault of the job's, so it costs no try, however long it lasts.
        return Outcome(Verb.RELEASE, error_json(error), _pause(error))
    if isinstance(error, CallerError | Never):
        return Outcome(Verb.FAIL, error_json(error))
    asked = error.retry_after if isinstance(error, TryLater) else None
    return Outcome(Verb.RETRY, error_json(error), backoff(job.failures + 1, asked))


def _pause(error: TolvaError) -> float:
    """Seconds. A job whose connection broke keeps its place in the line: a pause would put it behind all that wait."""
    if isinstance(error, DatabaseUnavailable):
        return 0.0 if error.__cause__ and fell_silent(error.__cause__) else DATABASE_PAUSE
    return STORAGE_PAUSE
