"""Slots that fetch their rings from a broker: what the engines of brokers without workers of their own share.

A ring is fetched only when a slot is idle, so that it goes where somebody is free. It is taken off the broker when the
queue has been looked through after it came, which is after the work was committed; until then it is held. Whatever
happens to the broker, each process also looks at PostgreSQL in its rhythm, so that jobs start, if a little later.
"""

import logging
import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import Generic, Protocol, TypeVar

from tolva.core.job import JobId
from tolva.core.ports import QueueSlots, RunNext
from tolva.db.pool import Database
from tolva.engines.sender import Sender
from tolva.engines.silent import Silent
from tolva.engines.slots import Slots
from tolva.errors import BrokerUnavailable

log = logging.getLogger(__name__)

IDLE_STEP = 0.5
"""Seconds of waiting for an idle slot after which the end of the worker is noticed."""
HOLD_EVERY = 5.0
"""Seconds between two reports to the broker that rings are still held."""
PAUSE = 1.0
"""Seconds before a broker that failed is asked again."""

Held = TypeVar("Held")
"""A ring as its broker knows it again."""


class Broker(Protocol[Held]):
    """Keeps rings. Every method raises BrokerUnavailable."""

    def send(self, queue: str, hints: Sequence[str]) -> None:
        """Put one ring for each hint into a queue."""
        ...

    def receive(self, queue: str, most: int) -> Sequence[Held]:
        """Wait a while for rings of a queue, and hold them. What is no ring is logged and dropped."""
        ...

    def done(self, held: Held) -> None:
        """Take a ring off."""
        ...

    def give_back(self, held: Held) -> None:
        """Let somebody else have a ring, sooner or later."""
        ...

    def hold(self, held: Sequence[Held]) -> None:
        """These are still held; called in a rhythm for as long as queues are served."""
        ...

    def depth(self, queue: str) -> int:
        """How many rings nobody holds."""
        ...


class PulledEngine(Silent, Generic[Held]):
    """An engine over a broker."""

    def __init__(self, db: Database, broker: Broker[Held]) -> None:
        self._db = db
        self._broker = broker
        self._sender = Sender(broker.send, broker.depth)
        self._slots = Slots()
        self._stopped = threading.Event()
        self._held: list[Held] = []
        self._deaf: dict[str, str] = {}

    def ring(self, queue: str, hints: Sequence[JobId]) -> None:
        """Put rings into the queue's line."""
        self._sender.ring(queue, hints)

    def depth(self, queue: str) -> int | None:
        """The rings that nobody holds."""
        return self._broker.depth(queue)

    def close(self) -> None:
        """Send the last rings."""
        self._sender.close()

    def serve(self, queues: Sequence[QueueSlots], run_next: RunNext) -> None:
        """Run the slots as threads, with one that listens for each queue, and look out for jobs in this one."""
        names = [each.queue for each in queues]
        self._slots.start(queues, run_next)
        self._hold()  # before a ring is taken: nobody would know of it if this process were killed at once
        for name in names:
            threading.Thread(target=self._listen, args=(name,), name=f"{name} rings", daemon=True).start()
        next_hold = time.monotonic() + HOLD_EVERY
        while not self._stopped.is_set():
            if time.monotonic() >= next_hold:
                self._hold()
                next_hold = time.monotonic() + HOLD_EVERY
            self._stopped.wait(self._slots.look(self._db, names))
        self._slots.join()

    def stop(self) -> None:
        """Take no further jobs."""
        self._stopped.set()
        self._slots.stop()

    def deaf(self) -> str | None:
        """Why the broker cannot be heard."""
        return next(iter(self._deaf.values()), None)

    def _listen(self, queue: str) -> None:
        while not self._stopped.is_set():
            if not (idle := self._slots.idle(queue, IDLE_STEP)):
                continue
            try:
                rings = self._broker.receive(queue, idle)
            except Exception as error:
                self._cannot_hear(queue, error)
                self._stopped.wait(PAUSE)
                continue
            if self._deaf.pop(queue, None):
                log.warning("queue %s is heard again", queue)
            for each in rings:
                self._take(queue, each)

    def _cannot_hear(self, queue: str, error: Exception) -> None:
        if queue not in self._deaf:
            known = isinstance(error, BrokerUnavailable)
            log.warning("cannot hear rings of queue %s: %s", queue, error, exc_info=None if known else error)
        self._deaf[queue] = f"The rings of queue {queue} cannot be heard: {error}"

    def _take(self, queue: str, ring: Held) -> None:
        if self._stopped.is_set():
            self._settle(ring, False)
            return
        self._held.append(ring)
        self._slots.ring(queue, 1, partial(self._answered, ring))

    def _answered(self, ring: Held, looked: bool) -> None:
        self._held.remove(ring)
        self._settle(ring, looked)

    def _settle(self, ring: Held, looked: bool) -> None:
        try:
            (self._broker.done if looked else self._broker.give_back)(ring)
        except BrokerUnavailable as error:
            log.debug("a ring stays where it is: %s", error)  # it rings once more, which costs nothing
        except Exception:
            log.exception("a ring stays where it is")  # a slot that lives must go on

    def _hold(self) -> None:
        try:
            self._broker.hold(list(self._held))
        except BrokerUnavailable as error:
            log.debug("rings may be heard twice: %s", error)
        except Exception:
            log.exception("rings may be heard twice")


def tell_of_stranger(where: str, found: object) -> None:
    """Log what a broker held that is no ring."""
    log.warning("%s held something that is no ring of ours; it is dropped: %.80r", where, found)
