"""Live streams over a WebSocket: the same messages."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.jobs.workshop import Workshop, until
from tests.service import Service, serving
from tests.web.test_live import begun, deaf_client, drained, ended, report
from tolva.core.job import JobId, Verb
from tolva.jobs.work import Jobs
from tolva.settings import Settings
from tolva.web.live import channel, hub

pytestmark = pytest.mark.usefixtures("quick_looks")


def dial(url: str, id: JobId | str, query: str = "") -> ClientConnection:
    return connect(f"{url.replace('http', 'ws', 1).rstrip('/')}/api/v1/jobs/{id}/ws{query}")


def talk(service: Service, id: JobId | str, query: str = "") -> ClientConnection:
    return dial(str(service.client.base_url), id, query)


def rest(conn: ClientConnection) -> list[dict[str, Any]]:
    """The messages until the server closes, which it does in order."""
    messages = [json.loads(message) for message in conn]
    assert conn.close_code == 1000
    return messages


def told(messages: list[dict[str, Any]]) -> list[tuple[str, int | None]]:
    return [(each["event"], each.get("seq")) for each in messages]


def test_a_conversation_begins_with_the_present_and_ends_with_the_job(service: Service, shop: Workshop) -> None:
    job = begun(shop, 1)
    with talk(service, job.id) as conn:
        first = json.loads(conn.recv(10))
        report(shop, job, 1)
        shop.end(job, Verb.COMPLETE, {"loaded": 1})
        later = rest(conn)
    assert told([first, *later]) == [("job", 2), ("progress", 3), ("completed", 4), ("end", 4)]
    assert first["data"]["state"] == "running"
    assert later[0]["data"]["data"] == {"rows": 0}
    assert later[-1]["data"]["result"] == {"loaded": 1}


@pytest.mark.parametrize("after", range(6))
def test_who_comes_back_gets_what_it_missed(service: Service, shop: Workshop, after: int) -> None:
    with talk(service, ended(shop).id, f"?after={after}") as conn:
        messages = rest(conn)
    missed = [("started", 1), ("progress", 2), ("progress", 3), ("progress", 4), ("completed", 5)][after:]
    assert told(messages) == [("job", None), *missed, ("end", 5)]


def test_what_a_client_says_is_not_kept_and_does_no_harm(service: Service, shop: Workshop) -> None:
    job = begun(shop)
    with talk(service, job.id) as conn:
        for _ in range(500):
            conn.send("hello" * 100)
        shop.end(job, Verb.COMPLETE)
        assert told(rest(conn)) == [("job", 1), ("completed", 2), ("end", 2)]


def test_a_client_that_says_too_much_is_cut_short(service: Service, shop: Workshop) -> None:
    with talk(service, begun(shop).id) as conn, pytest.raises(ConnectionClosed) as closed:
        conn.send("x" * 100_000)
        while True:
            conn.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


@pytest.mark.parametrize("unknown", [lambda shop: shop.put(tenant="other"), lambda _: uuid4()])
def test_a_job_of_nobody_or_of_another_tenant_is_not_found(
    service: Service, shop: Workshop, unknown: Callable[[Workshop], JobId]
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        talk(service, unknown(shop))
    answer = refused.value.response
    assert (answer.status_code, json.loads(answer.body or b"")["type"]) == (404, "urn:tolva:not-found")


def test_a_client_that_finds_no_room_is_told_when_to_come_again(
    service: Service, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MOST_STREAMS", 0)
    with pytest.raises(InvalidStatus) as refused:
        talk(service, begun(shop).id)
    answer = refused.value.response
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize("wrong", ["?after=-1", "?after=one", f"?after={2**63}"])
def test_a_wrong_place_to_go_on_from_is_refused(service: Service, shop: Workshop, wrong: str) -> None:
    id = shop.put(tenant="default")
    with pytest.raises(InvalidStatus) as refused:
        talk(service, id, wrong)
    answer = refused.value.response
    assert (answer.status_code, json.loads(answer.body or b"")["type"]) == (422, "urn:tolva:invalid-request")


def test_conversations_end_at_once_when_the_process_does(settings: Settings, shop: Workshop) -> None:
    job = begun(shop)
    with ExitStack() as stack:
        with serving(settings, Jobs(shop.db, shop.engine, shop.catalogue)) as url:
            conn = stack.enter_context(dial(url, job.id))
            until(lambda: conn.recv(10))
            began = time.monotonic()
        assert time.monotonic() - began < 1.0
        with pytest.raises(ConnectionClosed) as closed:
            conn.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


def test_a_client_that_takes_nothing_is_dropped_and_the_others_go_on(
    service: Service, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "MOST_KEPT", 5)
    job = begun(shop)
    deaf = deaf_client(service.client.base_url, f"/api/v1/jobs/{job.id}/ws", UPGRADE)
    with talk(service, job.id) as conn, deaf:
        first = json.loads(conn.recv(10))
        ctx = shop.context(job)
        heard = []
        for n in range(60):
            ctx.progress(rows=n, bulk="x" * 200_000)
            heard.append(json.loads(conn.recv(10)))
        received = drained(deaf)  # while the job still runs
        shop.end(job, Verb.COMPLETE)
        assert told([first, *heard, *rest(conn)])[-1] == ("end", 62)
    assert b"101 Switching Protocols" in received
    assert len(received) < 60 * 200_000
