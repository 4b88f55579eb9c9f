"""What Flower is told of tasks, which we let wait for a moment, is told all the same."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Listener
from pathlib import Path
from typing import Any

import pytest

from tests.engines.inside import celery_workers
from tests.engines.wire import NEWS_PAUSE
from tests.jobs.workshop import until
from tests.servers.redis import redis_server
from tolva.core.job import JobId
from tolva.core.ports import QueueSlots
from tolva.engines.celery import CeleryEngine, make_app
from tolva.settings import Settings, load_settings

HEARD = 30.0
"""Seconds within which an event is heard on a busy machine."""


@pytest.fixture
def settings() -> Iterator[Settings]:
    with redis_server() as server:
        yield load_settings(redis_url=server.url)


def test_a_worker_that_ends_tells_how_its_last_task_ended(settings: Settings, tmp_path: Path) -> None:
    address = str(tmp_path / "wire")
    environment = {"REDIS_URL": str(settings.redis_url), "TOLVA_ENGINE": "celery", NEWS_PAUSE: "60"}
    with heard(settings) as told:
        with Listener(address, "AF_UNIX") as listener, celery_workers(address, environment, [QueueSlots("work", 1)]):
            with closing(CeleryEngine(make_app(settings))) as engine:
                engine.ring("work", [JobId("job")])
            with listener.accept() as call:
                assert call.recv() == "work"
                call.send(False)
        until(lambda: "task-succeeded" in told, HEARD)


@contextmanager
def heard(settings: Settings) -> Iterator[list[str]]:
    """The types of the events that come, as they come."""
    told: list[str] = []
    app: Any = make_app(settings)
    with app.connection_for_read() as connection:
        receiver = app.events.Receiver(connection, handlers={"*": lambda event: told.append(event["type"])})
        hears = threading.Thread(target=lambda: receiver.capture(wakeup=False))
        hears.start()
        try:
            yield told
        finally:
            receiver.should_stop = True
            hears.join()
