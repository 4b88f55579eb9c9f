"""Rings as tasks of Celery, over whichever broker Celery speaks to: one task for each queue.

`celery -A tolva.engines.celery:app worker -Q QUEUE` serves them in Celery's own processes (prefork). A task looks
through its queue for the best job; what it was sent with is a hint for those who watch in Flower.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import celery
from amqp.exceptions import AccessRefused, AMQPError
from kombu.entity import Exchange
from kombu.entity import Queue as Line
from kombu.exceptions import OperationalError
from redis.exceptions import AuthenticationError, RedisError

from tolva.core.job import JobId, Queue
from tolva.db.pool import Database
from tolva.engines.celery_redis import use_our_transport
from tolva.engines.celery_settings import celery_settings
from tolva.engines.sender import Sender
from tolva.engines.silent import Silent
from tolva.engines.stint import STINT
from tolva.errors import BrokerUnavailable, SettingsError
from tolva.settings import Settings, load_settings

HOST = "tolva.serve.celery_host"
"""What a worker of Celery imports when it starts: the part that knows the jobs, which stands above this one."""

NOT_FOUND = "404"
"""How a broker says that there is no such queue."""

REFUSALS = (AccessRefused, AuthenticationError)
"""How RabbitMQ and Redis say that they do not know who calls."""

Perform = Callable[[str], Any]
"""Looks through a queue; answers what Celery is to note of it."""


class CeleryEngine(Silent):
    """Sends tasks. Celery's workers serve them."""

    def __init__(self, app: celery.Celery) -> None:
        self._app: Any = app
        self._sender = Sender(self._send, self._count)

    def ring(self, queue: str, hints: Sequence[JobId]) -> None:
        """Send tasks."""
        self._sender.ring(queue, hints)

    def depth(self, queue: str) -> int | None:
        """The tasks in the queue that no worker has taken."""
        return self._count(queue)

    def close(self) -> None:
        """Send the last tasks."""
        self._sender.close()

    def _send(self, queue: str, hints: Sequence[str]) -> None:
        with _explained(), self._app.producer_pool.acquire(block=True) as producer:
            for hint in hints:
                self._app.send_task(task_name(queue), (hint,), queue=queue, producer=producer, retry=False)

    def _count(self, queue: str) -> int:
        with _explained(), self._app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0)  # by itself it would try for six seconds
            try:
                return connection.default_channel.queue_declare(queue, passive=True).message_count
            except connection.channel_errors as error:
                if str(getattr(error, "reply_code", "")) != NOT_FOUND:
                    raise
                return 0  # nobody has made it yet


def declare_tasks(app: celery.Celery, queues: Iterable[Queue], perform: Perform) -> None:
    """Give a worker its queues, and for each a task with the queue's limits."""
    queues = list(queues)
    made: Any = app
    made.conf.task_queues = [_line(queue.name) for queue in queues]
    for queue in queues:
        options = {
            "name": task_name(queue.name),
            "shared": False,
            "soft_time_limit": queue.soft_limit + STINT,
            "time_limit": queue.hard_limit + STINT,
        }
        _declare(app, queue.name, options, perform)


def _line(queue: str) -> Line:
    """As Celery itself makes one that it is told to send to and does not know."""
    return Line(queue, exchange=Exchange(queue), routing_key=queue)


def _declare(app: Any, queue: str, options: dict[str, Any], perform: Perform) -> None:
    @app.task(**options)
    def look(*_hints: object, **_more: object) -> Any:
        return perform(queue)


def task_name(queue: str) -> str:
    """What the task of a queue is called."""
    return f"tolva.{queue}"


@contextmanager
def _explained() -> Generator[None]:
    """Errors of the broker in our words."""
    try:
        yield
    except (OperationalError, AMQPError, RedisError, OSError) as error:
        refused = isinstance(error, REFUSALS) or isinstance(error.__cause__, REFUSALS)
        what = "refuses the login or password of" if refused else "does not answer at"
        raise BrokerUnavailable(f"Celery's broker {what} CELERY_BROKER_URL or REDIS_URL: {error}") from error


def make_app(settings: Settings) -> celery.Celery:
    """Celery as these settings say. Raises SettingsError when no broker is set."""
    if not settings.celery_broker:
        raise SettingsError("TOLVA_ENGINE=celery needs CELERY_BROKER_URL or REDIS_URL, say redis://127.0.0.1:6379/0.")
    use_our_transport()
    made: Any = celery.Celery("tolva", set_as_current=False)
    made.conf.update(celery_settings(settings), imports=[HOST])
    return made


def make(settings: Settings, _db: Database) -> CeleryEngine:
    """The engine of these settings. Raises SettingsError."""
    return CeleryEngine(make_app(settings))


@cache
def _app_of_environment() -> celery.Celery:
    return make_app(load_settings())


def __getattr__(name: str) -> celery.Celery:
    """`app`, for the command line of Celery: made when it is asked for, since others import this module, too."""
    if name == "app":
        return _app_of_environment()
    raise AttributeError(name)
