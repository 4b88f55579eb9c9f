"""The id of a request: where it comes from, and where it can be found again."""

import asyncio
import threading
import uuid
from collections.abc import Generator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import WebSocket

from tests.cli.conftest import Shell
from tests.jobs.workshop import until
from tests.service import Service
from tests.web.house import house, json_lines, load
from tolva.errors import DatabaseUnavailable
from tolva.settings import load_settings
from tolva.web.answering import answer_errors
from tolva.web.middleware.exchange import Exchange
from tolva.web.middleware.unexpected import Unexpected
from tolva.web.server.application import Api
from tolva.web.server.listener import listen, url_of


@pytest.mark.parametrize("id", ["a", "0190b1e4-7c3f.x_Y", "9" * 64])
def test_the_id_of_a_request_is_answered(service: Service, id: str) -> None:
    assert service.client.get("/health", headers={"X-Request-ID": id}).headers["x-request-id"] == id


@pytest.mark.parametrize("id", ["", "two words", "9" * 65, "né", 'a"b'])
def test_an_id_that_no_log_should_hold_is_replaced(service: Service, id: str) -> None:
    given = service.client.get("/health", headers={"X-Request-ID": id.encode()}).headers["x-request-id"]
    assert uuid.UUID(given).version == 7


def test_what_the_server_could_not_do_tells_the_id_to_quote(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(service.jobs.db, "_get", away)
    answer = service.client.get("/api/v1/schemas", headers={"X-Request-ID": "mine"})
    assert (answer.status_code, answer.json()["request_id"]) == (503, "mine")
    assert "request_id" not in service.client.get("/nowhere").json()


@pytest.fixture
def exchanges() -> list[Exchange]:
    return []


def no_page(*_: object) -> None:
    """For programs alone."""


@pytest.fixture
def api(exchanges: list[Exchange]) -> Api:
    api = Api([exchanges.append])
    api.add_middleware(Unexpected, as_page=no_page)
    answer_errors(api, no_page)

    @api.get("/broken/{number}")
    def broken(number: int) -> None:
        raise RuntimeError("unexpected")

    @api.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(await socket.receive_text())
        await socket.close()

    return api


@pytest.fixture
def client(api: Api) -> Generator[httpx.Client]:
    listener = listen(load_settings(port=0))
    server = uvicorn.Server(uvicorn.Config(api, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    with httpx.Client(base_url=url_of(listener), timeout=30, trust_env=False) as client:
        yield client
    server.should_exit = True
    thread.join()


def test_an_error_that_nobody_expected_has_the_id_too(client: httpx.Client, exchanges: list[Exchange]) -> None:
    answer = client.get("/broken/7", headers={"X-Request-ID": "mine"})
    assert (answer.status_code, answer.headers["x-request-id"], answer.json()["request_id"]) == (500, "mine", "mine")
    (exchange,) = until(lambda: exchanges)
    assert (exchange.route, exchange.path, exchange.status) == ("/broken/{number}", "/broken/7", 500)
    assert exchange.size == len(answer.content)


def test_a_websocket_has_an_id_and_is_told_at_its_end(api: Api, exchanges: list[Exchange]) -> None:
    said = iter([{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "12345"}])
    heard: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return next(said)

    async def send(message: MutableMapping[str, Any]) -> None:
        assert exchanges == [], "it is not over yet"
        heard.append(message)

    scope = {"type": "websocket", "path": "/echo", "query_string": b"", "headers": [(b"x-request-id", b"mine")]}
    asyncio.run(api(scope, receive, send))
    assert (b"x-request-id", b"mine") in heard[0]["headers"]
    (exchange,) = exchanges
    assert (exchange.method, exchange.route, exchange.status, exchange.size) == ("WEBSOCKET", "/echo", 101, 5)


def test_what_anybody_could_make_up_is_no_label(client: httpx.Client, exchanges: list[Exchange]) -> None:
    client.request("PROPFIND", "/some/path%0Aforged")
    (exchange,) = until(lambda: exchanges)
    assert (exchange.method, exchange.route, exchange.path) == ("other", "other", "/some/path%0Aforged")


def test_requests_and_jobs_are_found_in_the_log(tolva: Shell, tmp_path: Path) -> None:
    with house(tolva, tmp_path) as running:
        client, log = running.api()
        _, work = running.worker()
        job = load(client, b"codigo,nombre\n1,x\n", **{"X-Request-ID": "upload-1"})
        client.get("/ready")
        client.get("/metrics")
        lines = until(lambda: [line for line in json_lines(log) if line.get("request_id") == "upload-1"])
        of_job = until(lambda: [line for line in json_lines(work) if line.get("job") == job])
        running.end()
    (line,) = [line for line in lines if "status" in line]
    assert (line["method"], line["path"], line["status"]) == ("POST", "/api/v1/catalog/items/bulk-upload", 202)
    assert (line["tenant"], line["role"], line["job"]) == ("default", "admin", job)
    assert line["milliseconds"] > 0
    assert line["bytes"] > 0
    assert {line.get("path") for line in json_lines(log)}.isdisjoint({"/health", "/ready", "/metrics"})
    assert of_job[0]["tenant"] == "default"
    assert (of_job[0]["kind"], of_job[0]["queue"], of_job[0]["attempt"]) == ("bulk_upload", "bulk_upload", 1)
