"""Queues over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.api.moved import QUEUE, asking, claim, failed, queued
from tests.conftest import Fresh
from tests.service import Service
from tolva.jobs import store
from tolva.jobs.store import set_lane
from tolva.jobs.waiting import Wait, why_waiting
from tolva.web.access.caller import Caller, Role
from tolva.web.steering import pause_for_all

URL = f"/api/v1/queues/{QUEUE}"


def told(service: Service) -> dict[str, Any]:
    return service.client.get(URL).json()


def test_a_queue_tells_how_it_stands_for_the_tenant(service: Service) -> None:
    failed(service)
    queued(service, 2)
    queued(service, run_at=datetime.now(UTC) + timedelta(hours=1))
    queued(service, 5, "other")
    queue = told(service)
    assert (queue["ready"], queue["scheduled"]["number"]) == ({"number": 2, "exact": True}, 1)
    assert queue["last_hour"]["failed"]["number"] == 1 and queue["next_run"] and queue["oldest_wait"] > 0
    listed = service.client.get("/api/v1/queues").json()["queues"]
    assert [each["name"] for each in listed] == [QUEUE]


def test_open_questions_are_told_from_other_failures(service: Service) -> None:
    [broken], [asked] = failed(service), asking(service)
    ended = told(service)["last_hour"]
    assert (ended["failed"]["number"], ended["asked"]["number"]) == (2, 1)
    for query, expected in (("open_question=true", [asked]), ("state=failed", [asked, broken])):
        assert [job["id"] for job in service.client.get(f"/api/v1/jobs?{query}").json()["jobs"]] == expected


def test_a_pause_over_http_holds_for_the_callers_tenant_alone(service: Service) -> None:
    mine, theirs = queued(service, 2), queued(service, 2, "other")
    paused = service.client.post(f"{URL}/pause").json()
    assert paused["paused_at"] and paused["paused_by"] == "tenant"
    assert {job.id for job in claim(service, 4)} == set(theirs)
    resumed = service.client.post(f"{URL}/resume").json()
    assert (resumed["paused_at"], resumed["paused_by"]) == (None, None)
    assert {job.id for job in claim(service, 4)} == set(mine)


def test_a_pause_of_the_installation_is_told_and_not_ended_by_a_tenant(service: Service) -> None:
    queued(service)
    pause_for_all(service.jobs, Caller("default", Role.ADMIN, "operator"), QUEUE, paused=True)
    assert told(service)["paused_by"] == "installation"
    assert service.client.post(f"{URL}/resume").json()["paused_by"] == "installation"
    assert claim(service) == []


def test_pausing_again_keeps_the_first_time_and_the_share(service: Service) -> None:
    with service.jobs.db.transaction("default") as conn:
        set_lane(conn, "default", QUEUE, weight=3, rate=2)
    first, again = (service.client.post(f"{URL}/pause").json() for _ in range(2))
    assert first == again
    with service.jobs.db.transaction("default") as conn:
        set_lane(conn, "default", QUEUE, weight=2)
    now = told(service)
    assert (now["paused_at"], now["weight"], now["rate"], first["weight"], first["rate"]) == (
        first["paused_at"],
        2,
        None,
        3,
        2,
    )


def test_a_job_tells_that_it_waits_for_a_paused_queue(service: Service) -> None:
    [job] = queued(service)
    service.client.post(f"{URL}/pause")
    with service.jobs.db.transaction("default") as conn:
        reason = why_waiting(conn, store.get_job(conn, job))
    assert reason and reason.code == Wait.PAUSED


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_an_unknown_queue_is_not_found(service: Service, verb: str) -> None:
    assert service.client.post(f"/api/v1/queues/nowhere/{verb}").status_code == 404
    assert service.client.get("/api/v1/queues/nowhere").status_code == 404


def test_pauses_are_noted(service: Service, fresh: Fresh) -> None:
    service.client.post(f"{URL}/pause")
    service.client.post(f"{URL}/resume")
    with psycopg.connect(fresh.admin_dsn) as conn:
        rows = conn.execute("SELECT action, target FROM tolva.audit ORDER BY id").fetchall()
    assert rows == [("queue.pause", QUEUE), ("queue.resume", QUEUE)]
