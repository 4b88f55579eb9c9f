"""`GET /health`: what answers, who hears the queues, and who is told how much of it."""

import socket
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import DictRow

from tests.conftest import Fresh
from tests.jobs.workshop import until
from tests.servers.redis import redis_server
from tests.service import Service, serving
from tests.web.house import GOOD, UPLOAD
from tests.web.test_access import bearer, make_key
from tolva import app
from tolva.core.job import JobId
from tolva.core.ports import Engine
from tolva.db.pool import Database
from tolva.engines import make_engine
from tolva.jobs.work import Jobs
from tolva.settings import Settings
from tolva.web import vitals

ELSEWHERE = {"Host": "tolva.example"}
"""What a request of another machine looks like."""
Admin = psycopg.Connection[DictRow]


@contextmanager
def house(settings: Settings, db: Database, **more: Any) -> Generator[tuple[httpx.Client, Engine]]:
    """An API with the engines of these settings."""
    settings = settings.model_copy(update=more)
    with closing(make_engine(settings, db)) as engine:
        jobs = Jobs(db, engine, app.catalogue(settings))
        with serving(settings, jobs) as url, httpx.Client(base_url=url, timeout=30, verify=False) as client:
            yield client, engine


def join(admin: Admin, queue: str, deaf: str | None = None) -> None:
    admin.execute(
        "INSERT INTO tolva.workers (id, host, pid, queues, deaf, lease, lease_until) VALUES"
        " (gen_random_uuid(), 'intake-1', 4711, ARRAY[%s], %s, '1 h', now() + interval '1 h')",
        (queue, deaf),
    )


def test_without_a_broker_the_database_and_the_workers_are_told(service: Service, admin: Admin) -> None:
    assert service.client.get("/health", headers=ELSEWHERE).json() == {
        "status": "ok",
        "database": "ok",
        "blobs": "ok",
        "brokers": {},
        "workers": "none",
    }
    join(admin, "bulk_upload")
    sent = service.client.post(UPLOAD, params={"proveedor_id": "P1"}, files={"file": ("p.csv", GOOD)})
    assert sent.status_code == 202, sent.text
    wanted = {"engine": "postgres", "workers": 1, "jobs": 1, "rings": None}
    until(lambda: service.client.get("/health").json()["queues"]["bulk_upload"] == wanted, 10)
    seen = service.client.get("/health").json()
    assert (seen["workers"], seen["queues"]["webhooks"]["workers"]) == ("ok", 0)


def test_a_worker_that_hears_nothing_is_unhealthy_and_only_those_who_run_it_learn_why(
    service: Service, admin: Admin
) -> None:
    join(admin, "bulk_upload", "Redis does not answer at 10.0.0.7")
    answer = service.client.get("/health")
    assert (answer.status_code, answer.json()["workers"]) == (503, "some hear no rings")
    assert answer.json()["deaf"] == ["Redis does not answer at 10.0.0.7"]
    stranger = service.client.get("/health", headers=ELSEWHERE)
    assert (stranger.status_code, stranger.json()["workers"]) == (503, "some hear no rings")
    assert "10.0.0.7" not in stranger.text and "queues" not in stranger.json()


def test_other_machines_see_figures_with_an_admins_key_alone(service: Service) -> None:
    for role, sees in (("viewer", False), ("admin", True)):
        key, _ = make_key(service, role=role)
        for path in ("/health", "/health/dramatiq"):
            answer = service.client.get(path, headers=ELSEWHERE | bearer(key))
            assert (answer.status_code, "queues" in answer.json()) == (200, sees), (role, path)
    assert service.client.get("/health", headers=ELSEWHERE | bearer("tolva_wrong")).status_code == 401


@pytest.mark.parametrize("engine", ["redis", "celery", "dramatiq"])
def test_the_broker_of_each_engine_is_asked_and_the_depth_of_its_queues_told(
    settings: Settings, db: Database, admin: Admin, engine: str
) -> None:
    with (
        redis_server() as server,
        house(settings, db, engines={"bulk_*": engine}, redis_url=server.url) as (client, rung),
    ):
        join(admin, "bulk_upload")
        rung.ring("bulk_upload", [JobId("one"), JobId("two")])

        def depth() -> bool:
            return client.get(f"/health/{engine}").json()["queues"]["bulk_upload"]["rings"] == 2

        until(depth, 20)
        assert client.get(f"/health/{engine}").json() == {
            "status": "ok",
            "broker": "ok",
            "workers": 1,
            "queues": {"bulk_upload": {"engine": engine, "workers": 1, "jobs": 0, "rings": 2}},
        }
        assert client.get("/health").json()["brokers"] == {engine: "ok"}
        server.stop()
        until(lambda: client.get("/health").status_code == 503, 20)
        told = client.get("/health", headers=ELSEWHERE)
        assert told.json()["brokers"] == {engine: "does not answer"}
        assert "127.0.0.1" not in told.text
        answer = client.get(f"/health/{engine}", headers=ELSEWHERE)
        assert (answer.status_code, answer.json()["broker"]) == (503, "does not answer")
        server.start()
        until(lambda: client.get("/health").status_code == 200, 20)


def test_a_broker_that_takes_calls_and_never_answers_is_not_waited_for(settings: Settings, db: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        with house(settings, db, engine="dramatiq", redis_url=url) as (client, _):
            began = time.perf_counter()
            answer = client.get("/health")
            assert (answer.status_code, answer.json()["brokers"]) == (503, {"dramatiq": "does not answer"})
            assert time.perf_counter() - began < vitals.PATIENCE + 2


def test_an_engine_that_serves_no_queue_or_needs_no_broker_is_well(service: Service) -> None:
    assert service.client.get("/health/dramatiq", headers=ELSEWHERE).json() == {"status": "ok", "broker": "not in use"}
    assert service.client.get("/health/postgres", headers=ELSEWHERE).json() == {"status": "ok", "broker": "not needed"}
    unknown = service.client.get("/health/pigeon")
    assert unknown.status_code == 404 and "postgres" in unknown.json()["detail"]


def test_a_database_that_is_away_is_told_and_nothing_else_of_it(settings: Settings, fresh: Fresh) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nowhere?connect_timeout=1"
    with Database(nowhere, name="tolva test") as db, house(settings, db) as (client, _):
        answer = client.get("/health")
        assert answer.status_code == 503
        assert (answer.json()["database"], answer.json()["workers"]) == ("does not answer", "unknown")
        assert "nobody" not in answer.text
