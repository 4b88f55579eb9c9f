"""Whether a process can serve, and what it says to anybody who asks."""

import asyncio
import threading
import time
from contextlib import closing

import httpx
import psycopg
import pytest

from tests.conftest import Fresh
from tests.service import Service
from tolva import app
from tolva.errors import DatabaseUnavailable
from tolva.web import ready as readiness


def ready(client: httpx.Client) -> tuple[int, str]:
    answer = client.get("/ready")
    return answer.status_code, answer.json()["status"]


def test_a_process_with_its_database_is_ready(service: Service) -> None:
    assert ready(service.client) == (200, "ready")


def test_a_process_is_not_ready_while_the_database_lacks_a_migration(service: Service, fresh: Fresh) -> None:
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute("DELETE FROM tolva.migrations WHERE module = 'tolva.jobs'")
    assert ready(service.client) == (503, "the database is not up to date")


def test_a_process_is_not_ready_on_the_database_of_a_later_version(service: Service, fresh: Fresh) -> None:
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute("INSERT INTO tolva.migrations (module, name, digest) VALUES ('tolva.jobs', '9999_later.sql', '')")
    assert ready(service.client) == (503, "the database is not up to date")


def test_a_process_is_not_ready_while_the_database_is_away_and_tells_no_more(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise DatabaseUnavailable("connection to server at 10.0.0.7 failed")

    monkeypatch.setattr(service.jobs.db, "_get", away)
    assert ready(service.client) == (503, "the database does not answer")


@pytest.mark.parametrize(("path", "status"), [("/ready", "the database does not answer"), ("/health", "unavailable")])
def test_a_database_that_hangs_is_not_waited_for(
    service: Service, monkeypatch: pytest.MonkeyPatch, path: str, status: str
) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(service.jobs.db, "_get", lambda: let_go.wait(30))
    began = time.perf_counter()
    answer = service.client.get(path)
    assert (answer.status_code, answer.json()["status"]) == (503, status)
    assert time.perf_counter() - began < readiness.PATIENCE + 2
    let_go.set()


def test_a_process_that_was_told_to_end_is_not_ready(service: Service) -> None:
    stop = threading.Event()
    with closing(app.live(service.settings, service.jobs)) as hub:
        api = app.make_api(service.settings, service.jobs, hub, stop.is_set)

    async def ask() -> tuple[int, str]:
        transport = httpx.ASGITransport(app=api)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            answer = await client.get("/ready")
            return answer.status_code, answer.json()["status"]

    assert asyncio.run(ask()) == (200, "ready")
    stop.set()
    assert asyncio.run(ask()) == (503, "is going down")
