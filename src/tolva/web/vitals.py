"""The vital signs of an installation: each part is asked at the same time, in a thread of its own, and in time."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from tolva.db.pool import Database
from tolva.engines.lookout import Depths, brokers, depths
from tolva.engines.routes import Routes
from tolva.errors import TolvaError
from tolva.jobs.attendance import Attendance, attendance
from tolva.jobs.work import Jobs
from tolva.web.probe import Probe

log = logging.getLogger(__name__)

PATIENCE = 3.0
"""Seconds that each part is waited for."""
FRESH = 1.0
"""Seconds that what was seen counts, whoever asks."""

Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Signs:
    """What was seen: whether each part answers, who serves the queues, and the rings by engine and queue.

    What nobody told is None.
    """

    parts: Mapping[str, bool]
    present: Sequence[Attendance] | None
    brokers: Mapping[str, Depths | None]


class Vitals:
    """Asks the broker of each engine in use, and `parts`, each of which raises a TolvaError when it does not answer."""

    def __init__(self, jobs: Jobs, routes: Routes, parts: Mapping[str, Callable[[], object]]) -> None:
        queues = sorted(jobs.catalogue.queues)
        self.by_engine = routes.by_engine(queues)
        self._parts = {name: _probe(ask) for name, ask in parts.items()}
        self._present = _probe(lambda: _present(jobs.db, queues))
        self._brokers = {
            name: _probe(partial(depths, jobs.engine, served)) for name, served in brokers(routes, queues).items()
        }

    def signs(self) -> Signs:
        """How all of it is now."""
        with ThreadPoolExecutor(1 + len(self._parts) + len(self._brokers)) as pool:
            parts = {name: pool.submit(_answers, name, probe) for name, probe in self._parts.items()}
            present = pool.submit(_seen, "the workers", self._present)
            lines = {name: pool.submit(_seen, name, probe) for name, probe in self._brokers.items()}
        return Signs(
            {name: part.result() for name, part in parts.items()},
            present.result(),
            {name: line.result() for name, line in lines.items()},
        )


def _probe(look: Callable[[], Seen]) -> Probe[Seen]:
    return Probe(look, patience=PATIENCE, fresh=FRESH)


def _seen(what: str, probe: Callable[[], Seen]) -> Seen | None:
    try:
        return probe()
    except TolvaError as error:
        log.warning("health: %s: %s", what, error)  # the whole of it, with hosts and logins, is for the log alone
        return None


def _answers(what: str, probe: Callable[[], object]) -> bool:
    return _seen(what, lambda: (probe(), True)) is not None


def _present(db: Database, queues: Sequence[str]) -> list[Attendance]:
    with db.connection() as conn:
        return attendance(conn, queues)
