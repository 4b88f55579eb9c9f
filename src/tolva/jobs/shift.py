"""One process at work: from its first claim to its last outcome, under one worker's identity."""

import logging
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial

from tolva.core.ports import Engine, QueueSlots, RunNext, ServingEngine
from tolva.db.pool import Database
from tolva.errors import TryLater
from tolva.jobs.attempt import Attempts
from tolva.jobs.catalogue import Catalogue
from tolva.jobs.dispatcher import Dispatcher
from tolva.jobs.hearing import Hearing
from tolva.jobs.meter import JobMeter
from tolva.jobs.pulse import ask, keep_pulse
from tolva.jobs.rings import send_rings
from tolva.jobs.runner import Runner

log = logging.getLogger(__name__)


class Shift:
    """Runs jobs until it is told to end. Somebody else must beat for the worker meanwhile."""

    def __init__(self, db: Database, worker_id: str, catalogue: Catalogue, engine: Engine, meter: JobMeter) -> None:
        self._db = db
        self._worker_id = worker_id
        self._attempts = Attempts()
        self._dispatcher = Dispatcher(db, worker_id, partial(send_rings, engine))
        self._runner = Runner(db, catalogue, engine, self._dispatcher, self._attempts, meter)

    @contextmanager
    def begun(
        self, deaf: Callable[[], str | None] = lambda: None, also: Callable[[], None] = lambda: None
    ) -> Generator[RunNext]:
        """What runs jobs, for as long as the context is open.

        `deaf` says why no rings are heard, if they are not; `also` is called in the rhythm of the pulse.
        """
        ended = threading.Event()
        beats = (
            self._dispatcher.tidy,
            partial(ask, self._db, self._worker_id, self._attempts),
            Hearing(self._db, self._worker_id, deaf).note,
            also,
        )
        pulse = threading.Thread(target=keep_pulse, args=(beats, ended), name="pulse")
        pulse.start()
        try:
            yield self._runner.run_next
        finally:
            ended.set()
            pulse.join()
            self._hand_in()

    @property
    def ran(self) -> int:
        """Attempts that have ended, about."""
        return self._runner.ran

    def stop(self) -> None:
        """Take no further jobs."""
        self._runner.stop()

    def drain(self, patience: float) -> None:
        """Those that still run after `patience` in seconds stop at their next checkpoint."""
        self._attempts.drain(patience)

    def _hand_in(self) -> None:
        try:
            self._dispatcher.close()
        except TryLater as error:
            log.warning("%s The jobs of this process are given back by whoever watches over it.", error)


def work(
    shift: Shift, engine: ServingEngine, queues: Sequence[QueueSlots], also: Callable[[], None] = lambda: None
) -> None:
    """Serve these queues; returns when `end` was called and the running jobs have ended. `also`: see `begun`."""
    with shift.begun(engine.deaf, also) as run_next:
        engine.serve(queues, run_next)


def end(shift: Shift, engine: ServingEngine, patience: float) -> None:
    """Take no further jobs, and let those that run end within `patience` in seconds, or at their next checkpoint."""
    shift.stop()
    engine.stop()
    shift.drain(patience)
