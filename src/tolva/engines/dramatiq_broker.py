"""Dramatiq's broker without what rings have no use for, and an actor for each queue."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Callable, Generator
from contextlib import contextmanager

import dramatiq
import pika.exceptions
import redis
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import DramatiqError
from dramatiq.middleware import Middleware, Retries, TimeLimit

from tolva.engines.stint import STINT
from tolva.errors import BrokerUnavailable, SettingsError
from tolva.settings import Settings

MOST_RETRIES = 3
"""Of a message that met an unexpected error. More are not needed: upkeep rings again."""

Perform = Callable[[str], object]
"""Looks through a queue, and rings again where work is left."""


def make_broker(url: str) -> RabbitmqBroker | RedisBroker:
    """The broker at an address, without what rings have no use for."""
    middleware: list[Middleware] = [TimeLimit(), Retries(max_retries=MOST_RETRIES)]
    if url.startswith("amqp"):
        return RabbitmqBroker(url=url, middleware=middleware)
    client = redis.Redis.from_url(url, socket_timeout=30, socket_connect_timeout=3, health_check_interval=10)
    return RedisBroker(client=client, middleware=middleware)


def declare_actor(
    broker: RabbitmqBroker | RedisBroker, queue: str, perform: Perform, hard_limit: float | None = None
) -> None:
    """The actor of a queue. The limit is a second net: whoever watches over the process acts before. None: no limit."""

    def look(*_hints: object, **_more: object) -> None:
        perform(queue)

    limit = float("inf") if hard_limit is None else round(1000 * (hard_limit + STINT))
    options = {"time_limit": limit, "max_retries": MOST_RETRIES}
    dramatiq.Actor(look, broker=broker, actor_name=queue, queue_name=queue, priority=0, options=options)


@contextmanager
def explained() -> Generator[None]:
    """Errors of the broker in our words."""
    try:
        yield
    except (DramatiqError, redis.RedisError, pika.exceptions.AMQPError, OSError) as error:
        told = repr(error)  # Dramatiq wraps errors of its libraries without naming them as the cause
        if "PRECONDITION_FAILED" in told:
            raise BrokerUnavailable(
                f"A queue in RabbitMQ was made by another program, say by Celery. Delete it there: {told}"
            ) from error
        what = "refuses the login or password of" if "AuthenticationError" in told else "does not answer at"
        raise BrokerUnavailable(f"Dramatiq's broker {what} DRAMATIQ_BROKER_URL or REDIS_URL: {told}") from error


def broker_url(settings: Settings) -> str:
    """Where the broker of these settings is. Raises SettingsError when none is set."""
    if not settings.dramatiq_broker:
        raise SettingsError("Dramatiq needs REDIS_URL or DRAMATIQ_BROKER_URL, say redis://127.0.0.1:6379/0.")
    return settings.dramatiq_broker
