"""The line that ends each request: whose it was, and which job it was about."""

import json
import logging
from collections.abc import Callable, Generator
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.api.moved import queued
from tests.jobs.workshop import until
from tests.service import Service
from tests.web.test_access import bearer, logged_in, make_key, upload
from tolva.logs import _Json
from tolva.web.access.caller import Role

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Generator[Lines]:
    """All that was logged so far, as programs read it."""
    said = StringIO()
    told, root = logging.StreamHandler(said), logging.getLogger()
    told.setFormatter(_Json())
    level = root.level
    root.addHandler(told)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in said.getvalue().splitlines()]
    root.removeHandler(told)
    root.setLevel(level)


def one(lines: Lines, method: str, path: str) -> dict[str, Any]:
    """The line that ends this request, once it is there."""

    def found() -> list[dict[str, Any]]:
        return [each for each in lines() if (each.get("method"), each.get("path")) == (method, path)]

    until(found)
    [line] = found()
    return line


def whose(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in ("status", "tenant", "role", "key", "job") if name in line}


def test_a_line_tells_tenant_role_and_key_and_no_secret(lines: Lines, service: Service) -> None:
    key, id = make_key(service, Role.OPERATOR, "acme")
    cookie = logged_in(service, key)
    service.client.get("/api/v1/me", headers=bearer(key))
    service.client.get("/jobs", headers=cookie)
    service.client.get("/api/v1/keys", headers=bearer(key))
    known = {"tenant": "acme", "role": "operator", "key": str(id)}
    assert whose(one(lines, "GET", "/api/v1/me")) == {"status": 200, **known}
    assert whose(one(lines, "GET", "/jobs")) == {"status": 200, **known}
    assert whose(one(lines, "GET", "/api/v1/keys")) == {"status": 403, **known}
    said = json.dumps(lines())
    assert key not in said and cookie["Cookie"].partition("=")[2] not in said and "the operator" not in said


def test_who_is_not_known_is_not_told(lines: Lines, service: Service) -> None:
    service.client.get("/api/v1/kinds")
    make_key(service)
    service.client.get(f"/api/v1/jobs/{uuid4()}", headers=bearer("tolva_wrong"))
    assert whose(one(lines, "GET", "/api/v1/kinds")) == {"status": 200, "tenant": "default", "role": "admin"}
    assert [whose(line) for line in lines() if line.get("status") == 401] == [{"status": 401}]


def test_the_job_that_is_made_or_named_is_told(lines: Lines, service: Service) -> None:
    job = upload(service).json()["id"]
    service.client.get(f"/api/v1/uploads/{job.upper()}")
    service.client.get(f"/jobs/{job}")
    service.client.get(f"/api/v1/catalog/bulk-upload/status/{job}")
    service.client.get("/api/v1/jobs/no%0Aid")
    paths = [("POST", "/api/v1/uploads"), ("GET", f"/api/v1/uploads/{job.upper()}"), ("GET", f"/jobs/{job}")]
    for method, path in [*paths, ("GET", f"/api/v1/catalog/bulk-upload/status/{job}")]:
        assert one(lines, method, path)["job"] == job
    assert "job" not in one(lines, "GET", "/api/v1/jobs/no%0Aid")


def test_a_websocket_is_one_line_also_when_it_is_refused(lines: Lines, service: Service) -> None:
    [job] = queued(service)
    unknown = str(uuid4())
    url = str(service.client.base_url).replace("http", "ws", 1).rstrip("/")
    with connect(f"{url}/api/v1/jobs/{job}/ws") as conn:
        conn.recv(10)
    with pytest.raises(InvalidStatus):
        connect(f"{url}/api/v1/jobs/{unknown}/ws")
    for id, status in ((job, 101), (unknown, 404)):
        line = one(lines, "WEBSOCKET", f"/api/v1/jobs/{id}/ws")
        assert whose(line) == {"status": status, "tenant": "default", "role": "admin", "job": id}
        assert [each for each in lines() if id in each["message"]] == [line]
    assert {each["level"] for each in lines()} == {"INFO"}
    assert [each["message"] for each in lines() if "connection" in each["message"]] == []
