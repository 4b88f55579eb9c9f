"""Rings on their way to a broker: nobody who makes a job waits for one, least of all for one that is away."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from tolva.core.job import JobId
from tolva.errors import BrokerUnavailable

log = logging.getLogger(__name__)

SPREAD = 16
"""Rings that one commit sends at most: so many slots start at once, the others as upkeep rings again."""
MOST_RINGS = 1000
"""Rings of a queue that may lie unheard. More would wake nobody, and fill a broker whose workers are away."""
COUNT_EVERY = 1.0
"""Seconds between two counts of the rings that lie in a queue."""
AWAY = 1.0
"""Seconds for which a broker that failed is not tried again. Rings that come meanwhile are lost, as any may be."""
FLUSH = 2.0
"""Seconds that the last rings of a process are waited for."""


class Sender:
    """`send` brings rings of one queue to the broker, one for each of the hints; `depth` counts those there."""

    def __init__(self, send: Callable[[str, Sequence[str]], None], depth: Callable[[str], int]) -> None:
        self._send = send
        self._depth = depth
        self._news = threading.Condition()
        self._pending: dict[str, list[str]] = {}
        self._closing = False
        self._thread: threading.Thread | None = None
        self._lying: dict[str, int] = {}
        """Rings in each queue, about: as last counted, and what was sent since."""
        self._count_at: dict[str, float] = {}
        self._away_until: dict[str, float] = {}
        self._failing: set[str] = set()

    def ring(self, queue: str, hints: Sequence[JobId]) -> None:
        """Send rings soon. Rings of one queue that meet are sent together."""
        with self._news:
            pending = self._pending.setdefault(queue, [])
            pending += (hints or [""] * SPREAD)[: SPREAD - len(pending)]
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rings", daemon=True)
                self._thread.start()
            self._news.notify()

    def close(self) -> None:
        """Send what is pending, and end the thread."""
        with self._news:
            self._closing = True
            self._news.notify()
        if self._thread is not None:
            self._thread.join(FLUSH)

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._pending or self._closing)
                if not self._pending:
                    return
                pending, self._pending = self._pending, {}
            for queue, hints in pending.items():
                self._try(queue, partial(self._send_where_room, queue, hints))
            for queue in pending:  # afterwards, since no ring need wait for it
                self._try(queue, partial(self._count, queue))

    def _try(self, queue: str, ask: Callable[[], None]) -> None:
        if time.monotonic() < self._away_until.get(queue, 0.0):
            return
        try:
            ask()
            if queue in self._failing:
                log.warning("the broker of queue %s answers again", queue)
            self._failing.discard(queue)
        except BrokerUnavailable as error:
            self._lost(queue, error)
        except Exception as error:
            log.exception("rings of queue %s", queue)  # a fault of ours, or one that nobody translated
            self._lost(queue, error)

    def _lost(self, queue: str, error: Exception) -> None:
        if queue not in self._failing:
            log.warning("rings of queue %s are lost until the broker answers: %s", queue, error)
        self._failing.add(queue)
        self._away_until[queue] = time.monotonic() + AWAY

    def _send_where_room(self, queue: str, hints: Sequence[str]) -> None:
        most = MOST_RINGS if any(hints) else SPREAD  # whoever rings again has no news, and others lie there already
        if self._lying.get(queue, most) >= most:  # or nobody has counted yet
            self._count(queue)
        if self._lying[queue] < most:
            self._send(queue, hints)
            self._lying[queue] += len(hints)

    def _count(self, queue: str) -> None:
        if time.monotonic() > self._count_at.get(queue, 0.0):
            self._lying[queue] = self._depth(queue)
            self._count_at[queue] = time.monotonic() + COUNT_EVERY
