"""The servers that carry rings, and every engine on every one of them that it works with."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from tempfile import TemporaryDirectory
from typing import cast

import httpx
import pytest
import redis

from tests.engines.inside import CeleryInside, celery_workers
from tests.jobs.workshop import until
from tests.servers import rabbit
from tests.servers.aws import Aws, aws
from tests.servers.redis import RedisServer, redis_server
from tolva.core.ports import Engine, QueueSlots, ServingEngine
from tolva.db.pool import Database
from tolva.engines import make_single
from tolva.settings import Settings
from tolva.sqs import make_client

RUBBISH = ("rubbish", "{}", "[1]", '{"queue": 7}', '{"queue": "side"}', "[" * 5000)
"""What a foreign program may send."""
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


LINES = (QueueSlots("work", 2), QueueSlots("side", 1))


class Brokers:
    """Starts each server when it is first asked for."""

    def __init__(self, stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
        self._stack = stack
        self._monkeypatch = monkeypatch
        self._addresses: dict[str, str] = {}
        self._rabbit_is_for = ""

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
        if settings.engine == "celery":
            made: Engine = CeleryInside(settings, self._celery(carrier, settings))
        else:
            made = make_single(settings, db, settings.engine)
        with closing(made):
            yield cast(ServingEngine, made)

    def litter(self, carrier: str) -> None:
        """Put into the line of `work` what is no ring of ours, as a foreign program may."""
        if litter := getattr(self, f"_litter_{carrier.replace(' ', '_')}", None):
            litter()

    def _litter_redis(self) -> None:
        self._push("tolva:rings:work", *RUBBISH)

    def _litter_celery_over_redis(self) -> None:
        unknown = {"headers": {"task": "nobody.knows", "id": "1"}, "body": "W10=", "content-type": "application/json"}
        more = {"properties": {"delivery_info": {}, "delivery_tag": "1"}, "content-encoding": "utf-8"}
        self._push("work", *RUBBISH, json.dumps(unknown | more))

    def _litter_dramatiq_over_redis(self) -> None:
        with redis.Redis.from_url(self.redis.url) as client:
            client.hset("dramatiq:work.msgs", mapping={str(n): text for n, text in enumerate(RUBBISH)})
        self._push("dramatiq:work", *map(str, range(len(RUBBISH))), "of which nothing is known")

    def _litter_sqs(self) -> None:
        client = make_client(Settings(aws_endpoint_url=self.aws.endpoint, aws_region=self.aws.region))

        def made() -> list[str]:
            urls = client.list_queues(QueueNamePrefix="tolva-work").get("QueueUrls", ())
            return [url for url in urls if url.endswith("/tolva-work")]

        url = until(made)[0]
        for text in RUBBISH:
            client.send_message(QueueUrl=url, MessageBody=text)

    def _litter_celery_over_rabbitmq(self) -> None:
        rabbit.publish("work", RUBBISH)

    _litter_dramatiq_over_rabbitmq = _litter_celery_over_rabbitmq

    def _push(self, line: str, *words: str) -> None:
        with redis.Redis.from_url(self.redis.url) as client:
            client.lpush(line, *words)

    def _celery(self, carrier: str, settings: Settings) -> str:
        """The address at which workers of Celery call, which run from their first test to the last of all."""
        if carrier not in self._addresses:
            folder = self._stack.enter_context(TemporaryDirectory(prefix="tolva-celery-"))
            self._addresses[carrier] = f"{folder}/socket"
            environment = {"CELERY_BROKER_URL": settings.celery_broker or ""}
            self._stack.enter_context(celery_workers(self._addresses[carrier], environment, LINES))
        return self._addresses[carrier]

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
        names = [line.queue for line in LINES]
        (rabbit.purge_queues if self._rabbit_is_for == engine else rabbit.delete_queues)(names)
        self._rabbit_is_for = engine
        return {f"{engine}_broker_url": rabbit.URL}

    def _sqs(self, engine: str) -> dict[str, str]:
        if engine != "celery":  # whose workers end when their queue is gone; what rings lie there do no harm
            httpx.post(f"{self.aws.endpoint}/moto-api/reset").raise_for_status()
        for name, value in self.aws.environment.items():
            self._monkeypatch.setenv(name, value)
        own = {"aws_endpoint_url": self.aws.endpoint, "aws_region": self.aws.region}
        return own | ({"celery_broker_url": "sqs://"} if engine == "celery" else {})
