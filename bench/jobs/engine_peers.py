"""Tolva on the brokers that other systems use bare: what the doorbell costs."""

import sys
from contextlib import ExitStack

from bench.jobs import redis_store
from bench.jobs.celery_peer import CeleryPeer
from bench.jobs.tolva_peer import Settings, TolvaPeer
from tests.servers.aws import aws


class RedisTolva(TolvaPeer):
    """The engine `redis`."""

    name = "tolva on redis"
    candidates = (Settings(2, 4),)

    def prepare(self) -> None:
        redis_store.claim()
        super().prepare()

    def close(self) -> None:
        super().close()
        redis_store.release()

    def given(self) -> dict[str, str]:
        return {"engine": "redis", "redis_url": redis_store.URL}

    def worker_command(self) -> list[str]:
        return ["env", *(f"{_variable(name)}={value}" for name, value in self.given().items()), *self.own_command()]

    def own_command(self) -> list[str]:
        return super().worker_command()


class DramatiqTolva(RedisTolva):
    """The engine `dramatiq`, in our own workers."""

    name = "tolva on dramatiq"

    def given(self) -> dict[str, str]:
        return {"engine": "dramatiq", "redis_url": redis_store.URL}


class CeleryTolva(RedisTolva):
    """The engine `celery`: its own worker, prefork, with as many processes as the bare one."""

    name = "tolva on celery"
    version = f"{TolvaPeer.version} on {CeleryPeer.version}"

    def given(self) -> dict[str, str]:
        return {"engine": "celery", "redis_url": redis_store.URL}

    def own_command(self) -> list[str]:
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING"]
        return [sys.executable, "-m", "celery", "--app=bench.jobs.celery_tolva", "worker", "--concurrency=2", *quiet]


class SqsTolva(RedisTolva):
    """The engine `sqs`, against an imitation of AWS in Python, which is the slowest part of it."""

    name = "tolva on sqs"

    def prepare(self) -> None:
        self._running = ExitStack()
        self._aws = self._running.enter_context(aws())
        super().prepare()

    def close(self) -> None:
        super().close()
        self._running.close()

    def given(self) -> dict[str, str]:
        login = {"aws_access_key_id": self._aws.access_key, "aws_secret_access_key": self._aws.secret_key}
        return {"engine": "sqs", "aws_endpoint_url": self._aws.endpoint, "aws_region": self._aws.region} | login


def _variable(field: str) -> str:
    known = {"engine": "TOLVA_ENGINE", "aws_region": "AWS_DEFAULT_REGION"}
    return known.get(field, field.upper())
