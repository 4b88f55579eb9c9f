"""`tolva doctor` on brokers, on who hears them, and on jobs that stand still."""

from collections.abc import Callable
from typing import LiteralString

import psycopg
import pytest
import redis

from tests.cli.conftest import Shell
from tests.cli.test_doctor import faults, found
from tests.conftest import Fresh
from tests.servers.aws import aws
from tests.servers.redis import redis_server
from tolva.cli.doctor import brokers
from tolva.core.job import JobId

NOWHERE = "redis://127.0.0.1:1/0"


def execute(fresh: Fresh, statement: LiteralString, *given: object) -> None:
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute(statement, given)


def join(fresh: Fresh, queue: str, deaf: str | None = None) -> None:
    execute(
        fresh,
        "INSERT INTO tolva.workers (id, host, pid, queues, deaf, lease, lease_until) VALUES"
        " (gen_random_uuid(), 'intake-1', 4711, ARRAY[%s], %s, '1 h', now() + interval '1 h')",
        queue,
        deaf,
    )


@pytest.mark.parametrize(
    ("engine", "names"), [("redis", "REDIS_URL"), ("celery", "CELERY_BROKER_URL"), ("dramatiq", "DRAMATIQ_BROKER_URL")]
)
def test_each_broker_is_asked_and_a_fault_names_its_setting(tolva: Shell, engine: str, names: str) -> None:
    with redis_server() as server:
        given = {"TOLVA_ENGINES": f"bulk_upload={engine}", "TOLVA_PORT": "0"}
        ran = tolva("doctor", "--json", REDIS_URL=server.url, **given)
        assert (ran.code, faults(ran)) == (0, set())
        assert found(ran)["brokers"]["said"] == f"{engine} answers, rings unheard: bulk_upload 0"
        assert found(ran)["engines"]["said"] == f"{engine}: bulk_upload; postgres: webhooks"
    ran = tolva("doctor", "--json", REDIS_URL=NOWHERE, **given)
    assert (ran.code, faults(ran)) == (1, {"brokers"})
    assert names in found(ran)["brokers"]["said"] and "Nothing is lost" in found(ran)["brokers"]["remedy"]


@pytest.mark.parametrize("engine", ["redis", "celery", "dramatiq"])
def test_a_wrong_password_is_told_and_not_repeated(tolva: Shell, engine: str) -> None:
    with redis_server() as server:
        with redis.Redis.from_url(server.url) as client:
            client.config_set("requirepass", "right")
        given = {"TOLVA_ENGINE": engine, "REDIS_URL": server.url, "TOLVA_PORT": "0"}
        ran = tolva("doctor", "--json", REDIS_PASSWORD="wrong-one", **given)
        assert (ran.code, faults(ran)) == (1, {"brokers"})
        assert "password" in found(ran)["brokers"]["said"].lower() and "wrong-one" not in ran.out
        assert tolva("doctor", "--json", REDIS_PASSWORD="right", **given).code == 0


def test_sqs_is_asked_too(tolva: Shell) -> None:
    with aws() as server:
        given = server.environment | {"TOLVA_ENGINE": "sqs", "TOLVA_PORT": "0"}
        ran = tolva("doctor", "--json", **given)
        assert (ran.code, faults(ran)) == (0, set())
        assert "sqs answers" in found(ran)["brokers"]["said"]
    ran = tolva("doctor", "--json", **given)
    assert faults(ran) == {"brokers"} and "AWS_ENDPOINT_URL" in found(ran)["brokers"]["said"]


def test_an_engine_for_a_queue_that_there_is_not_is_told(tolva: Shell) -> None:
    ran = tolva("doctor", "--json", TOLVA_ENGINES="bulk_uplaod=redis", TOLVA_PORT="0")
    assert (ran.code, found(ran)["engines"]["verdict"]) == (0, "note")
    assert "bulk_uplaod. The queues are: bulk_upload" in found(ran)["engines"]["said"]


def test_a_deaf_worker_is_a_fault_with_its_reason(tolva: Shell, fresh: Fresh) -> None:
    join(fresh, "bulk_upload", "Redis does not answer at REDIS_URL")
    ran = tolva("doctor", "--json", TOLVA_PORT="0")
    assert (ran.code, faults(ran)) == (1, {"rings"})
    assert "bulk_upload: Redis does not answer at REDIS_URL" in found(ran)["rings"]["said"]


def test_a_queue_without_workers_is_told_and_with_jobs_it_is_a_fault(
    tolva: Shell, fresh: Fresh, enqueue: Callable[[], JobId]
) -> None:
    join(fresh, "webhooks")
    ran = tolva("doctor", "--json", TOLVA_PORT="0")
    assert (ran.code, found(ran)["rings"]["verdict"]) == (0, "note")
    assert "tolva worker bulk_upload" in found(ran)["rings"]["remedy"]
    enqueue()
    ran = tolva("doctor", "--json", TOLVA_PORT="0")
    assert faults(ran) == {"rings"} and "1 in bulk_upload" in found(ran)["rings"]["said"]
    join(fresh, "bulk_upload")
    ran = tolva("doctor", "--json", TOLVA_PORT="0")
    assert found(ran)["rings"]["said"] == "bulk_upload: 1, webhooks: 1"


def test_a_running_job_that_reports_nothing_is_told(tolva: Shell, fresh: Fresh, enqueue: Callable[[], JobId]) -> None:
    id = enqueue()
    execute(
        fresh,
        "UPDATE tolva.jobs SET state = 'running', attempt = 1, worker_id = gen_random_uuid(), started_at = now(),"
        " updated_at = now() - make_interval(secs => %s)",
        brokers.SILENT + 60,
    )
    told = found(tolva("doctor", "--json", TOLVA_PORT="0"))["progress"]
    assert (told["verdict"], "for 11 minutes" in told["said"]) == ("note", True)
    assert f"tolva jobs show {id}" in told["remedy"]
