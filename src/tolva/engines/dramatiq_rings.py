"""Rings as messages of Dramatiq, over Redis or RabbitMQ: one actor for each queue.

Our own workers serve each queue with as many of Dramatiq's threads as it has slots. `dramatiq tolva.engines.dramatiq`
serves all of them with as many threads as it is given.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dramatiq
import pika.exceptions
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from tolva.core.job import JobId
from tolva.core.ports import QueueSlots, RunNext
from tolva.db.pool import Database
from tolva.engines.dramatiq_broker import Perform, broker_url, declare_actor, explained, make_broker
from tolva.engines.sender import Sender
from tolva.engines.silent import Silent
from tolva.errors import BrokerUnavailable, LeaseLost, TryLater
from tolva.settings import Settings

log = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds after a look that found PostgreSQL away."""
PROBE = 5.0
"""Seconds between two looks whether the broker answers."""


class DramatiqEngine(Silent):
    """Sends messages, and serves queues with Dramatiq's threads."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._broker = make_broker(url)
        self._sender = Sender(self._send, self._count)
        self._stopped = threading.Event()
        self._deaf: str | None = None

    def ring(self, queue: str, hints: Sequence[JobId]) -> None:
        """Send messages."""
        self._sender.ring(queue, hints)

    def depth(self, queue: str) -> int | None:
        """The messages in the queue that no worker has taken."""
        try:
            return self._count(queue)
        finally:
            if isinstance(self._broker, RabbitmqBroker):
                del self._broker.connection  # it has one for each thread that asks, for good; ours may ask only once

    def close(self) -> None:
        """Send the last messages."""
        self._sender.close()
        with explained():
            self._broker.close()

    def serve(self, queues: Sequence[QueueSlots], run_next: RunNext) -> None:
        """Run a worker of Dramatiq for each queue: it has no other way to keep their slots apart."""

        def perform(queue: str) -> None:
            try:
                more = run_next(queue)
            except (TryLater, LeaseLost) as error:
                log.warning("queue %s: %s", queue, error)  # the ring is used up; upkeep rings again
                self._stopped.wait(PAUSE)
                return
            if more and not self._stopped.is_set():
                self.ring(queue, [JobId("")])

        workers = [self._worker(each, perform) for each in queues]
        for worker in workers:
            worker.start()
        while not self._stopped.wait(PROBE):
            self._deaf = self._silence(queues)
        with ThreadPoolExecutor(max(len(workers), 1)) as pool:  # each waits for its threads to come around
            list(pool.map(_end, workers))

    def stop(self) -> None:
        """Take no further jobs."""
        self._stopped.set()

    def deaf(self) -> str | None:
        """Why the broker cannot be heard."""
        return self._deaf

    def _worker(self, line: QueueSlots, perform: Perform) -> dramatiq.Worker:
        broker = make_broker(self._url)
        declare_actor(broker, line.queue, perform)  # our supervisor has an eye on the limits of jobs
        return dramatiq.Worker(broker, worker_threads=line.slots)

    def _silence(self, queues: Sequence[QueueSlots]) -> str | None:
        try:
            for each in queues:
                self._count(each.queue)
        except BrokerUnavailable as error:
            return str(error)
        return None

    def _send(self, queue: str, hints: Sequence[str]) -> None:
        with explained():
            self._broker.declare_queue(queue)
            for hint in hints:
                self._broker.enqueue(
                    dramatiq.Message(queue_name=queue, actor_name=queue, args=(hint,), kwargs={}, options={})
                )

    def _count(self, queue: str) -> int:
        with explained():
            if isinstance(self._broker, RabbitmqBroker):
                return _counted(self._broker, queue)
            client: Any = self._broker.client
            return client.llen(f"{self._broker.namespace}:{queue}")


def _counted(broker: RabbitmqBroker, queue: str) -> int:
    try:
        broker.declare_queue(queue, ensure=True)
        return broker.get_queue_message_counts(queue)[0]
    except pika.exceptions.AMQPError:
        del broker.connection  # a dead one is not made anew by itself
        raise


def _end(worker: dramatiq.Worker) -> None:
    worker.stop()
    worker.broker.close()


def make(settings: Settings, _db: Database) -> DramatiqEngine:
    """The engine of these settings. Raises SettingsError."""
    return DramatiqEngine(broker_url(settings))
