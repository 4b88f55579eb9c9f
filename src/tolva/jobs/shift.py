"""One process at work: from its first claim to its last outcome, under one worker's identity."""

import logging
import threading
from collections.abc import Sequence
from functools import partial

from tolva.core.ports import Engine, QueueSlots
from tolva.db.pool import Database
from tolva.errors import TryLater
from tolva.jobs.attempt import Attempts
from tolva.jobs.catalogue import Catalogue
from tolva.jobs.dispatcher import Dispatcher
from tolva.jobs.meter import JobMeter
from tolva.jobs.pulse import keep_pulse
from tolva.jobs.rings import send_rings
from tolva.jobs.runner import Runner

log = logging.getLogger(__name__)


class Shift:
    """Runs jobs until it is told to end. Somebody else must beat for the worker meanwhile."""

    def __init__(self, db: Database, worker_id: str, catalogue: Catalogue, engine: Engine) -> None:
        self._db = db
        self._worker_id = worker_id
        self._engine = engine
        self._attempts = Attempts()
        self._dispatcher = Dispatcher(db, worker_id, partial(send_rings, engine))
        self._runner = Runner(db, catalogue, engine, self._dispatcher, self._attempts, JobMeter())

    def work(self, queues: Sequence[QueueSlots]) -> None:
        """Serve these queues; returns when `end` was called and the running jobs have ended."""
        ended = threading.Event()
        pulse_of = (self._db, self._worker_id, self._dispatcher, self._attempts, ended)
        pulse = threading.Thread(target=keep_pulse, args=pulse_of, name="pulse")
        pulse.start()
        try:
            self._engine.serve(queues, self._runner.run_next)
        finally:
            ended.set()
            pulse.join()
        try:
            self._dispatcher.close()
        except TryLater as error:
            log.warning("%s The jobs of this process are given back by whoever watches over it.", error)

    def end(self, patience: float) -> None:
        """Take no further jobs; those that still run after `patience` in seconds stop at their next checkpoint."""
        self._runner.stop()
        self._engine.stop()
        self._attempts.drain(patience)
