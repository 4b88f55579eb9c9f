"""A RabbitMQ that answers and does not let Celery in: told as such, and never as an empty queue."""

from contextlib import closing

import pytest

from tests.servers import rabbit
from tests.servers.redis import redis_server
from tolva.engines.celery import CeleryEngine, make_app
from tolva.errors import BrokerUnavailable
from tolva.settings import load_settings


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (rabbit.URL.replace("guest:guest", "guest:wrong"), "refuses the login or password of CELERY_BROKER_URL"),
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
