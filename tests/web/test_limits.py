"""How often, how much and how long: what a call may take."""

import socket
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from uuid import uuid4

import httpx
import pytest

from tests.conftest import Fresh
from tests.jobs.workshop import until
from tests.service import Service
from tests.web.test_access import ME, bearer, make_key, upload
from tolva import app
from tolva.db.pool import Database
from tolva.errors import CommitLost, RateLimited
from tolva.settings import Settings, load_settings
from tolva.web.access import pace
from tolva.web.access.pace import Pace
from tolva.web.middleware import bodies
from tolva.web.server import request_head
from tolva.workloads.intake import error_formats
from tolva.workloads.intake.error_formats import RefusedRows

KEYS = "/api/v1/keys"
WANTED = {"name": "x", "role": "viewer"}


# --- how often -------------------------------------------------------------------------------------------------------


class TestOneCallASecond:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        given = {"data_dir": settings.data_dir, "database_url": settings.database_url}
        return load_settings(**given, port=0, upload_max_mb=1, requests_per_second=0.5)

    def test_each_key_may_come_so_often_and_is_told_when_again(self, service: Service) -> None:
        one, _ = make_key(service)
        other, _ = make_key(service)
        answers = [service.client.get(ME, headers=bearer(one)) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        told = answers[-1]
        assert (told.headers["retry-after"], told.json()["type"]) == ("2", "urn:tolva:rate-limited")
        assert told.headers["content-type"] == "application/problem+json"
        assert service.client.get(ME, headers=bearer(other)).status_code == 200

    def test_who_guesses_keys_is_slowed_down_and_who_has_one_is_not(self, service: Service) -> None:
        key, _ = make_key(service)
        wrong = [service.client.get(ME, headers=bearer(f"tolva_{n}")).status_code for n in range(4)]
        assert wrong == [401, 401, 429, 429]
        assert service.client.get(ME).status_code == 429
        assert service.client.get(ME, headers=bearer(key)).status_code == 200

    def test_without_keys_this_machine_calls_as_often_as_it_likes(self, service: Service) -> None:
        assert {service.client.get(ME).status_code for _ in range(10)} == {200}


def test_a_caller_may_come_again_after_the_time_that_was_told() -> None:
    hundredth = Pace(100)
    with pytest.raises(RateLimited) as refused:
        for _ in range(1000):
            hundredth.take("a")
    assert refused.value.retry_after is not None
    assert 0 < refused.value.retry_after <= 0.01

    def let_in() -> bool:
        with suppress(RateLimited):  # a refused call costs nothing, so that this ends
            hundredth.take("a")
            return True
        return False

    until(let_in, 5)


def test_a_limit_of_none_counts_nobody() -> None:
    none = Pace(0)
    for _ in range(1000):
        none.take("a")


def test_whoever_was_silent_longest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST", 2)
    slow = Pace(0.001)
    for who in ("a", "b", "c"):
        slow.take(who)
    for who in ("b", "c"):
        with pytest.raises(RateLimited):
            slow.take(who)
    slow.take("a")


# --- how much --------------------------------------------------------------------------------------------------------


def chunks(size: int) -> Iterator[bytes]:
    yield b'{"name": "'
    for _ in range(size // 1024):
        yield b"x" * 1024
    yield b'", "role": "viewer"}'


@pytest.mark.parametrize(
    "kind", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "x/y"]
)
def test_a_body_that_is_too_large_is_refused_also_when_its_size_is_not_announced(service: Service, kind: str) -> None:
    headers = {"Content-Type": kind}
    for body in (b"".join(chunks(bodies.MOST)), chunks(3 * bodies.MOST)):
        answer = service.client.post(KEYS, content=body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:tolva:too-large")
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_below_the_limit_is_read_whole(service: Service) -> None:
    answer = service.client.post(KEYS, content=chunks(900 * 1024), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert "100 characters" in answer.json()["detail"]


def test_an_endless_body_for_a_call_that_reads_none_ends_too(service: Service) -> None:
    assert service.client.request("GET", ME, content=chunks(3 * bodies.MOST)).status_code == 200


def test_an_answer_without_a_body_is_whole_whatever_came_with_its_call(service: Service) -> None:
    mappings = "/api/v1/schemas/products/mappings"
    for _ in range(2):  # the second call goes through the same connection, if that is whole
        answer = service.client.request("DELETE", mappings, content=b" " * 200_000, headers={"Accept-Encoding": "gzip"})
        assert (answer.status_code, answer.content) == (204, b"")


def test_files_have_a_limit_of_their_own(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST", 10)
    assert upload(service).status_code == 202


# --- how long --------------------------------------------------------------------------------------------------------


def spoken(service: Service, said: bytes) -> bytes:
    """All that comes back to a client that says so much and no more, up to the end of the connection."""
    url = httpx.URL(service.client.base_url)
    with socket.create_connection((url.host, url.port or 0), timeout=10) as line:
        line.sendall(said)
        return line.makefile("rb").read()


def test_a_body_that_does_not_come_is_no_longer_waited_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LONGEST", 0.2)
    monkeypatch.setattr("tolva.web.middleware.linger.SILENCE", 0.1)
    head = f"POST {KEYS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\nConnection: close\r\n\r\n"
    answer = spoken(service, head.encode() + b'{"name"')
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"did not come" in answer


def slow_lines(*_: object) -> Iterator[str]:
    for line in ("a", "b"):
        threading.Event().wait(0.3)
        yield line


def test_a_slow_answer_is_not_the_senders_silence(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """What streams listens for the client going away: no longer a wait for a body."""
    monkeypatch.setattr(bodies, "LONGEST", 0.2)
    monkeypatch.setattr(error_formats, "error_lines", slow_lines)
    monkeypatch.setattr(RefusedRows, "_called", lambda *_: "a.csv")
    answer = service.client.get(f"/api/v1/jobs/{uuid4()}/errors", params={"format": "csv"})
    assert (answer.status_code, answer.text) == (200, "ab")


@pytest.mark.parametrize(
    ("said", "answer"),
    [(b"", b""), (b"GET / HT", b"HTTP/1.1 408"), (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"HTTP/1.1 408")],
)
def test_who_connects_and_does_not_finish_a_request_is_hung_up_on(
    service: Service, monkeypatch: pytest.MonkeyPatch, said: bytes, answer: bytes
) -> None:
    monkeypatch.setattr(request_head, "LONGEST", 0.2)
    told = spoken(service, said)
    assert told.startswith(answer)
    assert bool(told) == bool(answer)


def test_a_connection_that_is_used_again_is_held_to_it_too(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_head, "LONGEST", 2.0)  # the first answer must have come by then
    whole = b"GET /static/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert spoken(service, whole + b"GET / HT").count(b"HTTP/1.1") == 1


def test_a_request_whose_head_came_may_take_its_time(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_head, "LONGEST", 0.2)
    monkeypatch.setattr("tolva.web.api.keys.list_keys", lambda _conn, **_: threading.Event().wait(0.6) or [])
    assert service.client.get(KEYS).status_code == 200


def test_an_endless_head_is_refused(service: Service) -> None:
    url = httpx.URL(service.client.base_url)
    with socket.create_connection((url.host, url.port or 0), timeout=10) as line:
        line.sendall(b"GET / HTTP/1.1\r\nX: ")

        def refused() -> bool:
            try:
                line.sendall(b"x" * 10_000)
            except ConnectionError:
                return True
            return False

        until(refused, 10)


class TestAStatementTakesTooLong:
    @pytest.fixture
    def db(self, fresh: Fresh) -> Generator[Database]:
        with Database(fresh.dsn, name="tolva api", statement=0.2) as database:
            yield database

    def test_the_call_is_answered_with_503_and_the_connection_is_used_on(
        self, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        began = time.monotonic()
        monkeypatch.setattr("tolva.web.api.keys.list_keys", lambda conn, **_: conn.execute("SELECT pg_sleep(20)"))
        answer = service.client.get(KEYS)
        assert time.monotonic() - began < 10
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:tolva:took-too-long")
        assert "took too long" in answer.json()["detail"]
        assert answer.headers["retry-after"]
        monkeypatch.undo()
        assert service.client.get(KEYS).status_code == 200


def timeout_of(db: Database) -> str:
    with db.connection() as conn:
        row = conn.execute("SHOW statement_timeout").fetchone()
    assert row is not None
    return str(row["statement_timeout"])


def test_the_api_alone_has_a_limit_on_statements(settings: Settings, fresh: Fresh, db: Database) -> None:
    server = app.Server(fresh.dsn, fresh.admin_dsn, embedded=False)
    with app.jobs(settings, server, "tolva api", settings.statement_seconds) as jobs:
        assert timeout_of(jobs.db) == "30s"
    with (
        app.jobs(settings, server, "tolva cli") as jobs,
        app.worker_plan(settings, server, []).database("w", 2) as worker,
    ):
        assert timeout_of(jobs.db) == timeout_of(worker) == "0"


def test_a_read_that_loses_its_connection_at_the_end_is_simply_repeated(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(_conn: object, **_: object) -> None:
        raise CommitLost("whether it was done is not known")

    monkeypatch.setattr("tolva.web.api.keys.list_keys", lost)
    answer = service.client.get(KEYS)
    assert (answer.json()["type"], answer.headers["retry-after"]) == ("urn:tolva:database-unavailable", "5")
    assert "nothing was done" in answer.json()["detail"]


# --- what nobody foresaw ---------------------------------------------------------------------------------------------


def test_an_unforeseen_fault_is_a_problem_without_its_words(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_conn: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("tolva.web.api.keys.list_keys", broken)
    answer = service.client.get(KEYS)
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "hunter2" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [record.exc_info is not None for record in caplog.records if record.levelname == "ERROR"] == [True]
