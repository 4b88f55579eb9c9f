"""Every engine that needs a broker, with the broker, and what runs its crews."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import pytest

from tests.chaos.brokers import Broker, aws_broker, rabbit_broker, redis_broker
from tests.chaos.crew import Run, supervise
from tests.chaos.hosted import become_celery, become_dramatiq
from tolva.settings import Settings, load_settings

OpenBroker = Callable[[], AbstractContextManager[tuple[Broker, dict[str, str]]]]

CREWS: dict[str, tuple[str, OpenBroker, Run]] = {
    "redis": ("redis", redis_broker, supervise),
    "sqs": ("sqs", aws_broker, supervise),
    "celery": ("celery", redis_broker, become_celery),
    "celery over rabbitmq": ("celery", rabbit_broker, become_celery),
    "dramatiq": ("dramatiq", redis_broker, supervise),
    "command line of dramatiq": ("dramatiq", redis_broker, become_dramatiq),
    "dramatiq over rabbitmq": ("dramatiq", rabbit_broker, supervise),
    "command line of dramatiq over rabbitmq": ("dramatiq", rabbit_broker, become_dramatiq),
}
EVERY = [pytest.param(name, marks=pytest.mark.long) if "dramatiq over rabbitmq" in name else name for name in CREWS]
"""All of them, for tests. RabbitMQ takes its time to start, so that the suite tries it with one engine alone."""


@dataclass(frozen=True)
class Engine:
    """What to set, who runs a crew (see `run_crew`), and who carries the rings."""

    settings: Settings
    run: Run
    broker: Broker


@contextmanager
def running(name: str) -> Iterator[Engine]:
    """One of CREWS, with the environment that its processes need."""
    engine, open_broker, run = CREWS[name]
    with open_broker() as (broker, environment), patch.dict(os.environ, {**environment, "TOLVA_ENGINE": engine}):
        yield Engine(load_settings(), run, broker)
