"""The servers that carry rings, and every engine on every one of them that it works with."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from typing import cast

import httpx
import pytest

from tests.engines.inside import CeleryInside
from tests.servers import rabbit
from tests.servers.aws import Aws, aws
from tests.servers.redis import RedisServer, redis_server
from tolva.core.ports import ServingEngine
from tolva.db.pool import Database
from tolva.engines import make_single
from tolva.settings import Settings

CARRIERS = (
    "postgres",
    "inline",
    "redis",
    "sqs",
    "celery over redis",
    "celery over rabbitmq",
    "celery over sqs",
    "dramatiq over redis",
    "dramatiq over rabbitmq",
)


class Brokers:
    """Starts each server when it is first asked for."""

    def __init__(self, stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
        self._stack = stack
        self._monkeypatch = monkeypatch

    @cached_property
    def redis(self) -> RedisServer:
        return self._stack.enter_context(redis_server())

    @cached_property
    def aws(self) -> Aws:
        return self._stack.enter_context(aws())

    def settings(self, carrier: str) -> Settings:
        """What to set for an engine on a server, which then holds nothing."""
        engine, _, server = carrier.partition(" over ")
        return Settings(engine=engine, **getattr(self, f"_{server or engine}")(engine))

    @contextmanager
    def engine(self, carrier: str, db: Database) -> Iterator[ServingEngine]:
        settings = self.settings(carrier)
        made = CeleryInside(settings) if settings.engine == "celery" else make_single(settings, db, settings.engine)
        with closing(made):
            yield cast(ServingEngine, made)

    def _postgres(self, engine: str) -> dict[str, str]:
        return {}

    def _inline(self, engine: str) -> dict[str, str]:
        return {}

    def _redis(self, engine: str) -> dict[str, str]:
        self.redis.flush()
        return {"redis_url": self.redis.url}

    def _rabbitmq(self, engine: str) -> dict[str, str]:
        if not rabbit.rabbit_answers():
            pytest.skip(f"no RabbitMQ answers at {rabbit.URL}")
        rabbit.delete_queues(["work", "side"])
        return {f"{engine}_broker_url": rabbit.URL}

    def _sqs(self, engine: str) -> dict[str, str]:
        httpx.post(f"{self.aws.endpoint}/moto-api/reset").raise_for_status()
        for name, value in self.aws.environment.items():
            self._monkeypatch.setenv(name, value)
        own = {"aws_endpoint_url": self.aws.endpoint, "aws_region": self.aws.region}
        return own | ({"celery_broker_url": "sqs://"} if engine == "celery" else {})
