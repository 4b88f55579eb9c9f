"""Brokers that may be flushed, and stopped and started again. All but RabbitMQ have then forgotten everything."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from tests.chaos.handlers import catalogue
from tests.servers.aws import Aws, aws
from tests.servers.rabbit import delete_queues
from tests.servers.rabbit_node import RabbitNode, rabbit_node
from tests.servers.redis import redis_server


class Broker(Protocol):
    """A server that carries rings."""

    def flush(self) -> None: ...

    def stop(self) -> None: ...

    def start(self) -> None: ...


@dataclass
class AwsBroker:
    """SQS as a process."""

    running: ExitStack
    server: Aws

    def flush(self) -> None:
        httpx.post(f"{self.server.endpoint}/moto-api/reset").raise_for_status()

    def stop(self) -> None:
        self.running.close()

    def start(self) -> None:
        self.running.enter_context(aws(urlsplit(self.server.endpoint).port or 0))


@dataclass
class RabbitBroker:
    """RabbitMQ as a process."""

    node: RabbitNode

    def flush(self) -> None:
        """The queues themselves go, under those who consume them."""
        delete_queues(list(catalogue().queues), self.node.url)

    def stop(self) -> None:
        self.node.stop()

    def start(self) -> None:
        self.node.start()


@contextmanager
def redis_broker() -> Iterator[tuple[Broker, dict[str, str]]]:
    """A Redis server, and what to set for it."""
    with redis_server() as server:
        yield server, {"REDIS_URL": server.url}


@contextmanager
def aws_broker() -> Iterator[tuple[Broker, dict[str, str]]]:
    """An SQS server, and what to set for it."""
    with ExitStack() as running:
        server = running.enter_context(aws())
        yield AwsBroker(running, server), server.environment


@contextmanager
def rabbit_broker() -> Iterator[tuple[Broker, dict[str, str]]]:
    """A RabbitMQ server, and what to set for it."""
    with rabbit_node() as node:
        yield RabbitBroker(node), {"CELERY_BROKER_URL": node.url, "DRAMATIQ_BROKER_URL": node.url}


def restart(broker: Broker, seconds: float) -> None:
    """Let it be away for a while."""
    broker.stop()
    time.sleep(seconds)
    broker.start()
