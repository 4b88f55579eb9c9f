"""A broker that answers and does not let us in: told as such, with the setting, and never as an empty queue."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from tests.jobs.workshop import until
from tests.servers import rabbit
from tests.servers.redis import redis_server
from tolva.db.pool import Database
from tolva.engines import make_single
from tolva.engines.celery import CeleryEngine, make_app
from tolva.errors import BrokerUnavailable
from tolva.settings import Settings, load_settings

WRONG = rabbit.URL.replace("guest:guest", "guest:wrong")
COMMANDS = {
    "celery": ("celery", "-A", "tolva.engines.celery:app", "worker", "-c", "1"),
    "dramatiq": ("dramatiq", "tolva.engines.dramatiq", "--processes", "1", "--threads", "1"),
}
OWN_WORDS = {"celery": "Cannot connect|Unrecoverable error", "dramatiq": "Consumer encountered"}
"""What the program itself says when it tries, after which it may try again."""
START = 60.0
"""Seconds that a worker may take to begin on a busy machine."""


@pytest.fixture(params=["redis", "rabbitmq"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Of a broker, with a password that is not its own."""
    if request.param == "rabbitmq":
        if not rabbit.rabbit_answers():
            pytest.skip(f"no RabbitMQ answers at {rabbit.URL}")
        yield WRONG
        return
    with redis_server() as server, redis.Redis.from_url(server.url) as client:
        client.config_set("requirepass", "right")
        yield server.url.replace("//", "//:wrong@")


@pytest.mark.parametrize("engine", COMMANDS)
def test_whoever_asks_for_the_depth_is_told_soon_which_setting_is_refused(engine: str, address: str) -> None:
    settings = Settings(engine=engine, celery_broker_url=address, dramatiq_broker_url=address)
    said = f"refuses the login or password of {engine.upper()}_BROKER_URL or REDIS_URL"
    asked = time.monotonic()
    with (
        Database("", name="nobody") as db,
        closing(make_single(settings, db, engine)) as made,
        pytest.raises(BrokerUnavailable, match=said),
    ):
        made.depth("work")
    assert time.monotonic() - asked < 5, "it was tried again and again, while whoever asked gave up"


@pytest.mark.parametrize("engine", COMMANDS)
def test_a_worker_of_another_program_tells_once_which_setting_is_refused(
    engine: str, address: str, tmp_path: Path
) -> None:
    variable, log = f"{engine.upper()}_BROKER_URL", tmp_path / "log"
    given = {variable: address, "TOLVA_ENGINE": engine, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere"}
    environment = os.environ | given | {"TOLVA_DATA_DIR": str(tmp_path), "C_FORCE_ROOT": "1"}
    with log.open("wb") as said:
        command = [sys.executable, "-m", *COMMANDS[engine]]
        worker = subprocess.Popen(command, env=environment, stdout=said, stderr=said)
    try:
        until(lambda: re.search(OWN_WORDS[engine], log.read_text()), START)
        until(lambda: f"refuses the login or password of {variable} or REDIS_URL" in log.read_text(), START)
    finally:
        worker.kill()  # its processes end with it
        worker.wait()
    assert log.read_text().count("refuses the login") == 1


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (WRONG, "refuses the login or password of CELERY_BROKER_URL"),
        (f"{rabbit.URL}/no-such-vhost", "vhost no-such-vhost not found"),
    ],
)
def test_a_broker_that_refuses_is_no_empty_queue(address: str, said: str) -> None:
    if not rabbit.rabbit_answers():
        pytest.skip(f"no RabbitMQ answers at {rabbit.URL}")
    engine = CeleryEngine(make_app(load_settings(celery_broker_url=address)))
    with closing(engine), pytest.raises(BrokerUnavailable, match=said):
        engine.depth("work")


def test_a_queue_that_nobody_has_made_is_empty() -> None:
    if not rabbit.rabbit_answers():
        pytest.skip(f"no RabbitMQ answers at {rabbit.URL}")
    with closing(CeleryEngine(make_app(load_settings(celery_broker_url=rabbit.URL)))) as engine:
        assert engine.depth("nobody-has-made-it") == 0


def test_a_queue_that_nobody_has_made_is_empty_over_redis_too() -> None:
    with redis_server() as server, closing(CeleryEngine(make_app(load_settings(redis_url=server.url)))) as engine:
        assert engine.depth("nobody-has-made-it") == 0
