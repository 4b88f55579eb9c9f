"""Live streams: the present, then every event once and in order, whatever happens to the connection."""

import itertools
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.rows import DictRow

from tests.chaos.proxy import run_proxy
from tests.conftest import Fresh
from tests.jobs.workshop import Workshop, until
from tests.service import Service, serving
from tests.web.listening import Ear, Heard, ear, events, listen_to
from tolva.core.job import Claimed, JobId, Verb
from tolva.db.pool import Database
from tolva.jobs.work import Jobs
from tolva.settings import Settings
from tolva.web.live import channel, hub, stream

pytestmark = pytest.mark.usefixtures("quick_looks")


def path(id: JobId | str) -> str:
    return f"/api/v1/jobs/{id}/stream"


def begun(shop: Workshop, steps: int = 0) -> Claimed:
    """A job that runs, and has shown its progress so often."""
    shop.put(tenant="default")
    job = shop.take()
    report(shop, job, steps)
    return job


def report(shop: Workshop, job: Claimed, steps: int) -> None:
    ctx = shop.context(job)
    for n in range(steps):
        ctx.progress(rows=n)


def ended(shop: Workshop, steps: int = 3) -> Claimed:
    job = begun(shop, steps)
    shop.end(job, Verb.COMPLETE, {"loaded": steps})
    return job


def told(heard: list[Heard]) -> list[tuple[str, int | None]]:
    return [(each.event, each.id) for each in heard]


def test_a_stream_begins_with_the_present_goes_on_with_what_happens_and_ends_with_the_job(
    service: Service, shop: Workshop
) -> None:
    job = begun(shop, 2)
    with ear(service.client.base_url, path(job.id)) as listening:
        until(lambda: listening.heard)
        report(shop, job, 2)
        shop.end(job, Verb.COMPLETE, {"loaded": 4})
    assert told(listening.heard) == [("job", 3), ("progress", 4), ("progress", 5), ("completed", 6), ("end", 6)]
    first, event, *_, last = (each.data for each in listening.heard)
    assert (first["state"], first["progress"], first["seq"]) == ("running", {"rows": 1}, 3)
    assert (event["type"], event["data"]) == ("progress", {"rows": 0})
    assert (last["id"], last["state"], last["result"]) == (job.id, "completed", {"loaded": 4})
    assert listening.raw.startswith(b"retry: 1000\n\n")


def test_a_stream_is_never_kept_by_anybody_on_its_way(service: Service, shop: Workshop) -> None:
    answer = listen_to(service.client.base_url, path(ended(shop).id))
    assert answer.getheader("Content-Type") == "text/event-stream; charset=utf-8"
    assert (answer.getheader("Cache-Control"), answer.getheader("X-Accel-Buffering")) == ("no-store", "no")
    answer.close()


@pytest.mark.parametrize("after", range(5))
def test_a_reader_who_comes_back_gets_what_it_missed(service: Service, shop: Workshop, after: int) -> None:
    with ear(service.client.base_url, path(ended(shop).id), last=after) as listening:
        pass
    missed = [("started", 1), ("progress", 2), ("progress", 3), ("progress", 4), ("completed", 5)][after:]
    assert told(listening.heard) == [("job", None), *missed, ("end", 5)]


def test_the_header_goes_before_the_parameter(service: Service, shop: Workshop) -> None:
    with ear(service.client.base_url, f"{path(ended(shop).id)}?after=0", last=4) as listening:
        pass
    assert told(listening.heard) == [("job", None), ("completed", 5), ("end", 5)]


def test_a_reader_who_has_heard_the_end_is_told_not_to_come_back(service: Service, shop: Workshop) -> None:
    job = ended(shop)
    assert service.client.get(path(job.id), params={"after": 5}).status_code == 204


def test_a_number_from_the_future_begins_with_the_present(service: Service, shop: Workshop) -> None:
    with ear(service.client.base_url, path(ended(shop).id), last=99) as listening:
        pass
    assert told(listening.heard) == [("job", 5), ("end", 5)]


def test_a_job_that_is_retried_after_its_end_goes_on_for_those_who_come_back(service: Service, shop: Workshop) -> None:
    job = begun(shop)
    shop.end(job, Verb.FAIL, {"type": "Broken", "message": "it broke"})
    with shop.jobs.work("default") as work:
        work.retry(job.id)
    with ear(service.client.base_url, path(job.id), last=2) as listening:
        shop.end(shop.take(), Verb.COMPLETE)
    assert told(listening.heard)[1:] == [("replayed", 3), ("started", 4), ("completed", 5), ("end", 5)]


def test_a_hundred_disconnects_lose_repeat_and_reorder_nothing(service: Service, shop: Workshop) -> None:
    job, enough = begun(shop), threading.Event()

    def work() -> None:
        ctx = shop.context(job)
        for n in itertools.count():
            ctx.progress(rows=n)
            if enough.is_set():
                break
        shop.end(job, Verb.COMPLETE)

    worker = threading.Thread(target=work)
    worker.start()
    heard: list[Heard] = []
    numbers, present = [0], [0]
    chance = random.Random(4)
    for _ in range(100):
        answer = listen_to(service.client.base_url, path(job.id), last=numbers[-1])
        raw = b""
        for _ in range(chance.randrange(1, 6)):
            raw += answer.read1(chance.randrange(1, 3000))
        answer.close()
        heard += list(events(raw))
        numbers += [each.id for each in events(raw) if each.id is not None]
        present += [each.data["seq"] for each in events(raw) if each.event == "job"]
    enough.set()
    worker.join()
    with ear(service.client.base_url, path(job.id), last=numbers[-1]) as listening:
        pass
    numbers += [each.id for each in listening.heard if each.id is not None and each.event != "end"]
    assert numbers == list(range(shop.row(job.id)["seq"] + 1))
    assert present == sorted(present)
    assert listening.kinds()[-1] == "end"


def test_a_stream_of_a_job_that_is_deleted_ends_and_does_not_spin(
    service: Service, shop: Workshop, admin: psycopg.Connection[DictRow]
) -> None:
    job = ended(shop)
    admin.execute("DELETE FROM tolva.job_events WHERE job_id = %s", (job.id,))
    with ear(service.client.base_url, path(job.id), last=0) as listening:
        pass
    assert told(listening.heard) == [("job", None)]


def test_many_streams_of_one_job_hear_the_same(service: Service, shop: Workshop) -> None:
    job = begun(shop)
    with ExitStack() as stack:
        ears = [stack.enter_context(ear(service.client.base_url, path(job.id))) for _ in range(20)]
        until(lambda: all(each.heard for each in ears))
        report(shop, job, 30)
        shop.end(job, Verb.COMPLETE)
    assert {tuple(told(each.heard)) for each in ears} == {
        (("job", 1), *(("progress", n) for n in range(2, 32)), ("completed", 32), ("end", 32))
    }


def test_who_falls_behind_what_is_kept_but_listens_is_served_from_the_database(
    service: Service, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "MOST_KEPT", 3)
    job = begun(shop)
    with ear(service.client.base_url, path(job.id)) as listening:
        until(lambda: listening.heard)
        report(shop, job, 100)
        shop.end(job, Verb.COMPLETE)
    assert [each.id for each in listening.heard] == [*range(1, 103), 102]


def test_a_client_that_takes_nothing_is_dropped_and_the_others_go_on(
    service: Service, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "MOST_KEPT", 5)
    job = begun(shop)
    with (
        ear(service.client.base_url, path(job.id)) as listening,
        deaf_client(service.client.base_url, path(job.id)) as deaf,
    ):
        until(lambda: listening.heard)
        ctx = shop.context(job)
        for n in range(60):
            ctx.progress(rows=n, bulk="x" * 200_000)
        until(lambda: len(listening.heard) > 60, 30)
        received = drained(deaf)  # while the job still runs: the stream ended because it was dropped
        shop.end(job, Verb.COMPLETE)
    assert [each.id for each in listening.heard] == [*range(1, 63), 62]
    assert len(received) < 60 * 200_000


def deaf_client(url: httpx.URL, target: str, headers: str = "") -> socket.socket:
    """A client that asks, and takes nothing."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(20)
    client.connect((url.host, url.port))
    client.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
    return client


def drained(client: socket.socket) -> bytes:
    """What it finds when it listens at last."""
    received = bytearray()
    try:
        while piece := client.recv(65536):
            received += piece
    except ConnectionResetError:
        pass
    return bytes(received)


def test_a_quiet_stream_says_now_and_then_that_it_is_there(
    service: Service, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.05)
    job = begun(shop)
    with ear(service.client.base_url, path(job.id)) as listening:
        until(lambda: listening.raw.count(b"\n:\n\n") >= 3 or listening.raw.count(b"\n\n:\n\n") >= 2)
        shop.end(job, Verb.COMPLETE)
    assert told(listening.heard) == [("job", 1), ("completed", 2), ("end", 2)]


def break_connections(admin: psycopg.Connection[DictRow], like: str) -> int:
    rows = admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE %s",
        (like,),
    )
    return len(rows.fetchall())


def test_streams_stay_open_and_miss_nothing_when_postgresql_ends_their_connection(
    service: Service, shop: Workshop, admin: psycopg.Connection[DictRow]
) -> None:
    job = begun(shop)
    with ear(service.client.base_url, path(job.id)) as listening:
        until(lambda: listening.heard)
        for _ in range(3):
            until(lambda: break_connections(admin, "% live"))
            report(shop, job, 5)
        until(lambda: len(listening.heard) == 16)
        shop.end(job, Verb.COMPLETE)
    assert [each.id for each in listening.heard] == [*range(1, 18), 17]


def test_streams_stay_open_while_postgresql_is_away(
    fresh: Fresh, settings: Settings, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.05)
    job = begun(shop)
    with ExitStack() as stack:
        cable = stack.enter_context(run_proxy(fresh.dsn, lose_answer_to=b"nothing has this"))
        db = stack.enter_context(Database(cable.dsn, name="behind the cable"))
        url = stack.enter_context(serving(settings, Jobs(db, shop.engine, shop.catalogue)))
        listening = stack.enter_context(ear(url, path(job.id)))
        until(lambda: listening.heard)
        cable.cut()
        report(shop, job, 3)
        beats = listening.raw.count(b"\n:\n")
        until(lambda: listening.raw.count(b"\n:\n") > beats + 5)
        assert listening.kinds() == ["job"]
        cable.mend()
        until(lambda: len(listening.heard) == 4, 20)
        shop.end(job, Verb.COMPLETE)
    assert [each.id for each in listening.heard] == [1, 2, 3, 4, 5, 5]


def test_nobody_looks_when_nobody_watches(service: Service, shop: Workshop, admin: psycopg.Connection[DictRow]) -> None:
    def looking() -> bool:
        row = admin.execute(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '% live'"
        ).fetchone()
        return row is not None

    job = begun(shop)
    answer = listen_to(service.client.base_url, path(job.id))
    until(looking)
    answer.close()
    until(lambda: not looking())
    with ear(service.client.base_url, path(job.id)) as again:
        until(lambda: again.heard)
        shop.end(job, Verb.COMPLETE)
    assert again.kinds() == ["job", "completed", "end"]


def test_streams_end_at_once_when_the_process_does(
    settings: Settings, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "MOST_BYTES", 100_000_000)  # who takes nothing is not dropped before
    job = begun(shop)
    ears: list[Ear] = []
    with ExitStack() as stack:
        with serving(settings, Jobs(shop.db, shop.engine, shop.catalogue)) as url:
            ears += [stack.enter_context(ear(url, path(job.id))) for _ in range(10)]
            deaf = stack.enter_context(deaf_client(httpx.URL(url), path(job.id)))
            until(lambda: all(each.heard for each in ears))
            ctx = shop.context(job)
            for n in range(30):
                ctx.progress(rows=n, bulk="x" * 200_000)
            until(lambda: all(len(each.heard) == 31 for each in ears), 60)
            began = time.monotonic()
        took = time.monotonic() - began
        drained(deaf)
    assert took < 1.0
    assert all(each.ended.is_set() and "end" not in each.kinds() for each in ears)


def test_a_client_that_finds_no_room_is_told_when_to_come_again(
    service: Service, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MOST_STREAMS", 1)
    job = begun(shop)
    with ear(service.client.base_url, path(job.id)) as listening:
        until(lambda: listening.heard)
        refused = service.client.get(path(job.id))
        shop.end(job, Verb.COMPLETE)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    with ear(service.client.base_url, path(job.id)) as later:
        pass
    assert later.kinds() == ["job", "end"]


@pytest.mark.parametrize("unknown", [lambda shop: shop.put(tenant="other"), lambda _: uuid4()])
def test_a_job_of_nobody_or_of_another_tenant_is_not_found(
    service: Service, shop: Workshop, unknown: Callable[[Workshop], JobId]
) -> None:
    answer = service.client.get(path(unknown(shop)))
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:tolva:not-found")


@pytest.mark.parametrize("after", ["-1", "one", "1.5", str(2**63)])
def test_a_wrong_place_to_go_on_from_is_refused(service: Service, shop: Workshop, after: str) -> None:
    id = shop.put(tenant="default")
    for answer in (
        service.client.get(path(id), params={"after": after}),
        service.client.get(path(id), headers={"Last-Event-ID": after}),
    ):
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:tolva:invalid-request")
