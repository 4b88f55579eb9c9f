"""Webhooks from the end of a job to somebody's server."""

import hashlib
import hmac
import json
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.conftest import Fresh
from tests.jobs.workshop import together, until
from tests.service import Service, working
from tests.webhooks.receiver import Receiver
from tolva.connectors.outward import Outward
from tolva.core.job import JobId, NewJob
from tolva.db.pool import Connection, Database
from tolva.errors import Conflict, DatabaseUnavailable, InvalidInput
from tolva.jobs.store import QueueOf
from tolva.web.access.caller import Caller, Role
from tolva.web.access.keys import NewKey, create_key
from tolva.web.access.secrets import Secret
from tolva.workloads.webhooks import outbox as handing
from tolva.workloads.webhooks import webhook
from tolva.workloads.webhooks.outbox import MOST_TRIES, hand_over, lines_aside
from tolva.workloads.webhooks.upkeep import prune_lines
from tolva.workloads.webhooks.wanted import Limits, Wanted

EVERY = ["job.completed", "job.failed", "job.cancelled"]


def make(service: Service, receiver: Receiver, **given: Any) -> dict[str, Any]:
    answer = service.client.post("/api/v1/webhooks", json={"url": receiver.url} | given)
    assert answer.status_code == 201, answer.text
    return answer.json()


def cancelled_job(service: Service, tenant: str = "default") -> JobId:
    """A job that has ended, without a worker."""
    with service.jobs.work(tenant) as work:
        [made] = work.enqueue(NewJob("bulk_upload", {"filename": "p.csv"}))
        work.cancel(made.id)
    return made.id


def deliveries(service: Service, hook: dict[str, Any]) -> list[dict[str, Any]]:
    return service.client.get(f"/api/v1/webhooks/{hook['id']}/deliveries").json()["deliveries"]


def delivered(service: Service, hook: dict[str, Any], state: str = "completed") -> dict[str, Any]:
    """The newest delivery, once it has been tried."""

    def tried() -> Any:
        found = [each for each in deliveries(service, hook)[:1] if each["state"] == state and each["tries"]]
        return found and found[0]

    return until(tried)


def new_key(service: Service, role: str) -> tuple[Secret, DictRow]:
    with service.jobs.db.transaction("default") as conn:
        return create_key(conn, NewKey("default", "k", Role(role), "test"))


def outbox(fresh: Fresh) -> int:
    with psycopg.connect(fresh.admin_dsn) as conn:
        row = conn.execute("SELECT count(*) FROM tolva.webhook_outbox").fetchone()
    assert row
    return row[0]


def test_the_end_of_a_job_is_told_and_signed(service: Service, receiver: Receiver) -> None:
    hook = make(service, receiver)
    job = cancelled_job(service)
    hand_over(service.jobs.db)
    with working(service):
        told = delivered(service, hook)
    [got] = receiver.got
    body = json.loads(got.body)
    assert (body["type"], body["tenant"], body["data"]["id"]) == ("job.cancelled", "default", job)
    assert (body["data"]["kind"], body["data"]["state"]) == ("bulk_upload", "cancelled")
    assert (got.headers["tolva-event"], got.headers["tolva-delivery"]) == ("job.cancelled", told["id"])
    assert (told["code"], told["event"], told["job"]) == (200, body["id"], job)
    assert service.client.get(f"/api/v1/jobs/{told['id']}").json()["label"] == f"127.0.0.1 · job.cancelled · {job}"
    stamp, given = (part.partition("=")[2] for part in got.headers["tolva-signature"].split(","))
    expected = hmac.new(hook["secret"].encode(), stamp.encode() + b"." + got.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(expected, given)


def test_a_delivery_is_itself_no_event(service: Service, receiver: Receiver, fresh: Fresh) -> None:
    hook = make(service, receiver)
    cancelled_job(service)
    hand_over(service.jobs.db)
    with working(service):
        delivered(service, hook)
    assert outbox(fresh) == 0


@pytest.mark.parametrize(
    "unwanted",
    [{"events": ["job.failed"]}, {"kinds": ["undo"]}, {"queues": ["errands"]}, {"active": False}],
)
def test_only_what_a_webhook_wants_is_written_down(
    service: Service, receiver: Receiver, fresh: Fresh, unwanted: dict[str, Any]
) -> None:
    make(service, receiver, **unwanted)
    cancelled_job(service)
    assert outbox(fresh) == 0
    make(service, receiver, events=EVERY, kinds=["bulk_upload"], queues=["bulk_upload"])
    cancelled_job(service)
    assert outbox(fresh) == 1


def test_another_tenants_jobs_are_not_told(service: Service, receiver: Receiver, fresh: Fresh) -> None:
    make(service, receiver)
    cancelled_job(service, "other")
    assert outbox(fresh) == 0


def test_an_end_that_is_taken_back_is_not_told(service: Service, receiver: Receiver, fresh: Fresh) -> None:
    make(service, receiver)
    with pytest.raises(ZeroDivisionError), service.jobs.work("default") as work:
        [made] = work.enqueue(NewJob("bulk_upload"))
        work.cancel(made.id)
        raise ZeroDivisionError
    assert outbox(fresh) == 0


def test_what_is_handed_over_twice_at_once_is_delivered_once(service: Service, receiver: Receiver) -> None:
    hook = make(service, receiver)
    for _ in range(5):
        cancelled_job(service)
    together(*[lambda: hand_over(service.jobs.db)] * 4)
    assert len(deliveries(service, hook)) == 5


def test_a_receiver_in_trouble_is_told_again_under_the_same_name(
    service: Service, receiver: Receiver, fresh: Fresh
) -> None:
    hook = make(service, receiver)
    receiver.answers(503, 200, Retry_After="7200")
    cancelled_job(service)
    hand_over(service.jobs.db)
    with working(service):
        first = delivered(service, hook, "queued")
        with psycopg.connect(fresh.admin_dsn) as conn:
            row = conn.execute("SELECT run_at - now() > '7000 s' FROM tolva.jobs WHERE id = %s", (first["id"],))
            assert row.fetchone() == (True,), "Retry-After is respected"
            conn.execute("UPDATE tolva.jobs SET run_at = now() WHERE id = %s", (first["id"],))
        last = delivered(service, hook)
    assert (first["code"], first["tries"], last["code"], last["tries"]) == (503, 1, 200, 2)
    one, two = receiver.got
    assert one.headers["tolva-delivery"] == two.headers["tolva-delivery"] and one.body == two.body
    assert first["next_try_at"] and not last["next_try_at"]


@pytest.mark.parametrize("status", [400, 404, 301])
def test_a_refusal_is_final(service: Service, receiver: Receiver, status: int) -> None:
    hook = make(service, receiver)
    receiver.answers(status, Location="http://127.0.0.1:1/")
    cancelled_job(service)
    hand_over(service.jobs.db)
    with working(service):
        told = delivered(service, hook, "failed")
    assert (told["code"], told["tries"], told["answer"], len(receiver.got)) == (status, 1, "told", 1)
    assert [each["id"] for each in service.client.get("/api/v1/dead-letters").json()["dead_letters"]] == [told["id"]]
    assert service.client.get(f"/api/v1/webhooks/{hook['id']}").json()["active"]


def test_who_is_gone_is_told_no_more(service: Service, receiver: Receiver) -> None:
    hook = make(service, receiver)
    receiver.answers(410)
    cancelled_job(service)
    cancelled_job(service)
    hand_over(service.jobs.db)
    with working(service):
        until(lambda: {each["state"] for each in deliveries(service, hook)} <= {"failed", "completed"})
    now = service.client.get(f"/api/v1/webhooks/{hook['id']}").json()
    assert not now["active"] and "410" in now["off_because"]
    on = service.client.put(f"/api/v1/webhooks/{hook['id']}", json={"url": receiver.url}).json()
    assert on["active"] and on["off_because"] is None


def test_a_test_that_is_answered_410_leaves_why_its_webhook_is_off_as_it_is(
    service: Service, receiver: Receiver, fresh: Fresh
) -> None:
    hook = make(service, receiver, active=False)
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute("UPDATE tolva.webhooks SET off_because = 'of old'")
    receiver.answers(410)
    service.client.post(f"/api/v1/webhooks/{hook['id']}/test")
    with working(service):
        delivered(service, hook, "failed")
    assert service.client.get(f"/api/v1/webhooks/{hook['id']}").json()["off_because"] == "of old"


def test_nobody_at_home_is_tried_again(service: Service, receiver: Receiver) -> None:
    hook = make(service, receiver, url="http://127.0.0.1:1024/")
    cancelled_job(service)
    hand_over(service.jobs.db)
    with working(service):
        told = delivered(service, hook, "queued")
    assert told["code"] is None and "127.0.0.1 does not answer" in told["error"]


def test_a_test_reaches_a_webhook_that_is_off(service: Service, receiver: Receiver) -> None:
    hook = make(service, receiver, active=False)
    made = service.client.post(f"/api/v1/webhooks/{hook['id']}/test")
    assert made.status_code == 202
    with working(service):
        assert delivered(service, hook)["id"] == made.json()["id"]
    assert json.loads(receiver.got[0].body)["type"] == "webhook.test"


@pytest.mark.parametrize("status", [404, 503])
def test_a_test_that_fails_is_told_after_one_try_and_leaves_nothing_to_be_replayed(
    service: Service, receiver: Receiver, status: int
) -> None:
    hook = make(service, receiver)
    receiver.answers(status)
    service.client.post(f"/api/v1/webhooks/{hook['id']}/test")
    with working(service):
        told = delivered(service, hook, "failed")
    assert (told["code"], told["answer"], len(receiver.got)) == (status, "told", 1)
    assert told["error"] == f"127.0.0.1 answered {status}."
    assert service.client.get("/api/v1/dead-letters").json()["dead_letters"] == []


def test_a_deleted_webhook_is_not_called(service: Service, receiver: Receiver, fresh: Fresh) -> None:
    hook = make(service, receiver)
    cancelled_job(service)
    hand_over(service.jobs.db)
    assert service.client.delete(f"/api/v1/webhooks/{hook['id']}").status_code == 204
    states = "SELECT state FROM tolva.jobs WHERE kind = 'webhook'"
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        assert conn.execute(states).fetchall() == [("cancelled",)], "at once, and not when its turn comes"


def test_a_delivery_whose_webhook_is_gone_when_its_turn_comes_is_dropped(
    service: Service, receiver: Receiver, fresh: Fresh
) -> None:
    make(service, receiver)
    cancelled_job(service)
    hand_over(service.jobs.db)
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute("DELETE FROM tolva.webhooks")
        ended = "SELECT result FROM tolva.jobs WHERE kind = 'webhook' AND state = 'completed'"
        with working(service):
            row = until(lambda: conn.execute(ended).fetchone())
    assert "skipped" in row[0] and receiver.got == []


def test_after_a_rotation_both_secrets_sign_for_a_day(service: Service, receiver: Receiver, fresh: Fresh) -> None:
    hook = make(service, receiver)
    rotated = service.client.post(f"/api/v1/webhooks/{hook['id']}/rotate").json()
    assert rotated["secret"] != hook["secret"]

    def signatures() -> int:
        before = len(receiver.got)
        service.client.post(f"/api/v1/webhooks/{hook['id']}/test")
        until(lambda: len(receiver.got) > before)
        return receiver.got[-1].headers["tolva-signature"].count("v1=")

    with working(service):
        assert signatures() == 2
        with psycopg.connect(fresh.admin_dsn) as conn:
            conn.execute("UPDATE tolva.webhooks SET old_until = now()")
        assert signatures() == 1


def test_a_second_rotation_within_a_day_is_refused_or_ends_the_oldest_secret(
    service: Service, receiver: Receiver, fresh: Fresh
) -> None:
    hook = make(service, receiver)
    path = f"/api/v1/webhooks/{hook['id']}"

    def rotate(**params: Any) -> Any:
        return service.client.post(f"{path}/rotate", params=params)

    first = rotate().json()
    refused = rotate()
    assert (refused.status_code, first["old_secret_until"][:19] in refused.json()["detail"]) == (409, True)
    assert service.client.get(path).json()["old_secret_until"] == first["old_secret_until"]
    second = rotate(force=True).json()
    service.client.post(f"{path}/test")
    with working(service):
        delivered(service, hook)
    [got] = receiver.got
    stamp, *given = (part.partition("=")[2] for part in got.headers["tolva-signature"].split(","))
    signed = stamp.encode() + b"." + got.body
    secrets = [each["secret"] for each in (second, first)]
    assert given == [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute("UPDATE tolva.webhooks SET old_until = now()")
    assert service.client.get(path).json()["old_secret_until"] is None
    assert rotate().status_code == 200


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_what_a_receiver_answered_is_seen_by_administrators_alone(
    service: Service, receiver: Receiver, role: str
) -> None:
    hook = make(service, receiver)
    receiver.reply = lambda _: (404, {"X-Inside": "s3cret head"}, b"s3cret body")
    cancelled_job(service)
    hand_over(service.jobs.db)
    with working(service):
        told = delivered(service, hook, "failed")
    assert told["answer"] == "s3cret body"
    secret, _ = new_key(service, role)
    headers = {"Authorization": f"Bearer {secret.text}"}
    paths = (f"/jobs/{told['id']}{end}" for end in ("", "/events", "/stream?after=0"))
    seen = [service.client.get(f"/api/v1{path}", headers=headers) for path in (*paths, "/jobs", "/dead-letters")]
    assert [answer.status_code for answer in seen] == [200] * 5
    text = "".join(answer.text for answer in seen)
    assert "404" in text and "s3cret" not in text and "/hook" not in text


def test_what_is_no_http_is_told_to_administrators_alone(service: Service, receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as odd:
        hook = make(service, receiver, url=f"http://127.0.0.1:{odd.getsockname()[1]}/")
        cancelled_job(service)
        hand_over(service.jobs.db)
        with working(service):
            conn, _ = odd.accept()
            with conn:
                conn.sendall(b"SSH-2.0-s3cret\r\n\r\n")
                told = delivered(service, hook, "queued")
    assert "s3cret" in told["answer"]
    assert told["error"] == "127.0.0.1 does not answer properly."


def test_a_rotation_that_is_sent_again_is_one(service: Service, receiver: Receiver) -> None:
    hooks = [make(service, receiver) for _ in range(2)]

    def send(hook: dict[str, Any]) -> Any:
        return service.client.post(f"/api/v1/webhooks/{hook['id']}/rotate", headers={"Idempotency-Key": "k"})

    first, again = send(hooks[0]).json(), send(hooks[0]).json()
    assert first["secret"] and again == first | {"secret": None}
    assert send(hooks[1]).status_code == 409


def test_a_test_that_is_sent_again_is_one_and_noted_once(service: Service, receiver: Receiver) -> None:
    hook = make(service, receiver)
    path, keyed = f"/api/v1/webhooks/{hook['id']}/test", {"Idempotency-Key": "k"}
    first, again = (service.client.post(path, headers=keyed).json() for _ in range(2))
    assert (first["created"], again["created"], first["id"]) == (True, False, again["id"])
    assert service.client.get("/api/v1/audit").text.count("webhook.test") == 1


def test_a_line_that_cannot_be_handed_over_holds_up_no_other_tenant(
    service: Service, receiver: Receiver, fresh: Fresh
) -> None:
    hook = make(service, receiver)
    cancelled_job(service)
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute(
            """WITH theirs AS (
              INSERT INTO tolva.webhooks (id, tenant_id, url, events, secret, created_by)
              SELECT gen_random_uuid(), 'another', url, events, secret, created_by FROM tolva.webhooks RETURNING id)
            INSERT INTO tolva.webhook_outbox (tenant_id, webhook_id, event_id, type, at, data)
            SELECT 'another', t.id, event_id, type, at, (repeat('{"a":', 201) || 1 || repeat('}', 201))::jsonb
            FROM tolva.webhook_outbox, theirs t"""
        )
    hand_over(service.jobs.db)
    assert len(deliveries(service, hook)) == 1
    assert outbox(fresh) == 1, "what could not be handed over is still there"


def test_a_line_that_can_never_be_handed_over_is_set_aside_with_its_reason_and_tried_again_when_asked(
    service: Service, receiver: Receiver, fresh: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    hook = make(service, receiver)
    cancelled_job(service)
    cancelled_job(service)
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute(
            """UPDATE tolva.webhook_outbox SET data = (repeat('{"a":', 201) || 1 || repeat('}', 201))::jsonb
            WHERE id = (SELECT min(id) FROM tolva.webhook_outbox)"""
        )
    for _ in range(MOST_TRIES + 3):
        hand_over(service.jobs.db)
    assert len(deliveries(service, hook)) == 1, "the line behind it was told"
    with service.jobs.db.transaction("other") as conn:
        [aside] = lines_aside(conn, 10)
    assert (str(aside["webhook_id"]), "nested deeper" in aside["set_aside"]) == (hook["id"], True)
    assert len(caplog.records) == MOST_TRIES + 1, "not for ever"
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute("UPDATE tolva.webhook_outbox SET data = '{}'")
    service.client.put(f"/api/v1/webhooks/{hook['id']}", json={"url": receiver.url})
    hand_over(service.jobs.db)
    assert (len(deliveries(service, hook)), outbox(fresh)) == (2, 0)


def test_what_is_set_aside_waits_while_its_webhook_is_off(service: Service, receiver: Receiver, fresh: Fresh) -> None:
    hook = make(service, receiver)
    cancelled_job(service)
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute("UPDATE tolva.webhook_outbox SET set_aside = 'odd'")
    service.client.put(f"/api/v1/webhooks/{hook['id']}", json={"url": receiver.url, "active": False})
    hand_over(service.jobs.db)
    assert (len(deliveries(service, hook)), outbox(fresh)) == (0, 1), "its delivery would be dropped"
    service.client.put(f"/api/v1/webhooks/{hook['id']}", json={"url": receiver.url})
    hand_over(service.jobs.db)
    assert (len(deliveries(service, hook)), outbox(fresh)) == (1, 0)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"kinds": ["bulk_upload", "bulk_uplaod"]},
            "'bulk_uplaod' for webhooks. Did you mean \"bulk_upload\"? There are: ",
        ),
        ({"kinds": ["webhook"]}, "There is no kind of jobs 'webhook'"),
        ({"queues": ["other"]}, "There is no queue 'other' for webhooks. There are: bulk_upload, errands."),
        ({"queues": ["webhooks"]}, "There is no queue 'webhooks'"),
    ],
)
def test_jobs_that_there_are_not_are_refused_as_nothing_would_ever_be_told(
    service: Service, receiver: Receiver, given: dict[str, Any], told: str
) -> None:
    hook, wanted = make(service, receiver), {"url": receiver.url} | given
    made = service.client.post("/api/v1/webhooks", json=wanted)
    changed = service.client.put(f"/api/v1/webhooks/{hook['id']}", json=wanted)
    assert made.status_code == changed.status_code == 400
    assert told in made.json()["detail"] and made.json()["detail"] == changed.json()["detail"]


@pytest.mark.parametrize("given", [{"kinds": ["gone"]}, {"queues": ["gone"]}])
def test_one_that_is_off_may_name_jobs_that_there_are_no_more_but_cannot_be_switched_on_with_them(
    service: Service, receiver: Receiver, given: dict[str, Any]
) -> None:
    off = {"url": receiver.url, "active": False} | given
    made = service.client.post("/api/v1/webhooks", json=off)
    assert made.status_code == 201, made.text
    at = f"/api/v1/webhooks/{made.json()['id']}"
    assert service.client.put(at, json=off | {"description": "off"}).status_code == 200
    assert service.client.put(at, json=off | {"active": True}).status_code == 400
    button = service.client.post(f"/webhooks/{made.json()['id']}/on", headers={"Accept": "text/html"})
    assert button.status_code == 400
    assert not service.client.get(at).json()["active"]


@pytest.mark.parametrize("given", [{"kinds": ["k"] * 51}, {"description": "x" * 501}, {"description": "a\nb"}])
def test_what_is_too_long_for_a_list_is_refused(service: Service, receiver: Receiver, given: dict[str, Any]) -> None:
    answer = service.client.post("/api/v1/webhooks", json={"url": receiver.url} | given)
    assert answer.status_code == 422


@pytest.mark.parametrize(("on_all", "counted"), [(True, 0), (False, 1)])
def test_a_fault_that_says_nothing_of_a_line_counts_against_it_only_when_another_went_through(
    service: Service, receiver: Receiver, fresh: Fresh, monkeypatch: pytest.MonkeyPatch, on_all: bool, counted: int
) -> None:
    make(service, receiver)
    odd, _ = cancelled_job(service), cancelled_job(service)
    real = handing.enqueue

    def failing(conn: Connection, queue_of: QueueOf, tenant_id: str, jobs: Sequence[NewJob]) -> object:
        if on_all or any(job.params["event"]["data"]["id"] == odd for job in jobs):
            raise psycopg.errors.UndefinedFunction("it is being replaced")
        return real(conn, queue_of, tenant_id, jobs)

    monkeypatch.setattr(handing, "enqueue", failing)
    hand_over(service.jobs.db)
    with psycopg.connect(fresh.admin_dsn) as conn:
        assert conn.execute("SELECT sum(tries) FROM tolva.webhook_outbox").fetchone() == (counted,)
    assert outbox(fresh) == (2 if on_all else 1)


def test_a_database_that_is_away_for_one_tenant_holds_up_no_other(
    service: Service, receiver: Receiver, fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = make(service, receiver)
    cancelled_job(service)
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute(
            """INSERT INTO tolva.webhook_outbox (tenant_id, webhook_id, event_id, type, at, data)
            SELECT 'another', webhook_id, event_id, type, at, data FROM tolva.webhook_outbox"""
        )
    real = handing._hand_over

    def failing(db: Database, tenant_id: str, ids: Sequence[int] | None = None) -> int:
        if tenant_id == "another":
            raise InvalidInput("odd")
        return real(db, tenant_id, ids)

    def away(*_: object) -> None:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(handing, "_hand_over", failing)
    monkeypatch.setattr(handing, "_refused", away)
    hand_over(service.jobs.db)
    assert len(deliveries(service, hook)) == 1


@pytest.mark.parametrize("set_aside", ["odd", None])
def test_what_a_webhook_was_to_be_told_goes_with_it(
    service: Service, receiver: Receiver, fresh: Fresh, set_aside: str | None
) -> None:
    hook = make(service, receiver)
    cancelled_job(service)
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute("UPDATE tolva.webhook_outbox SET set_aside = %s", (set_aside,))
    service.client.delete(f"/api/v1/webhooks/{hook['id']}")
    assert outbox(fresh) == 0


def test_a_line_written_while_its_webhook_is_deleted_is_dropped(
    service: Service, receiver: Receiver, fresh: Fresh
) -> None:
    make(service, receiver)
    cancelled_job(service)
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute("DELETE FROM tolva.webhooks")
    hand_over(service.jobs.db)
    with psycopg.connect(fresh.admin_dsn) as conn:
        assert conn.execute("SELECT count(*) FROM tolva.jobs WHERE kind = 'webhook'").fetchone() == (0,)
    assert outbox(fresh) == 0


def test_what_was_set_aside_is_deleted_after_its_time(service: Service, receiver: Receiver, fresh: Fresh) -> None:
    make(service, receiver)
    for _ in range(3):
        cancelled_job(service)
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute("UPDATE tolva.webhook_outbox SET at = now() - interval '9 d' WHERE id <> 1")
        conn.execute("UPDATE tolva.webhook_outbox SET set_aside = 'odd' WHERE id <> 2")
    assert not prune_lines(service.jobs.db, 8 * 86_400.0)
    with psycopg.connect(fresh.admin_dsn) as conn:
        assert conn.execute("SELECT id FROM tolva.webhook_outbox ORDER BY id").fetchall() == [(1,), (2,)]


@pytest.mark.parametrize(("levels", "told"), [(190, True), (191, False)])
def test_a_result_too_deep_for_a_delivery_is_left_out(
    service: Service, receiver: Receiver, fresh: Fresh, levels: int, told: bool
) -> None:
    hook = make(service, receiver)
    result = '{"a":' * levels + "1" + "}" * levels
    with service.jobs.work("default") as work:
        [made] = work.enqueue(NewJob("bulk_upload"))
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute("UPDATE tolva.jobs SET result = %s WHERE id = %s", (result, made.id))
    with service.jobs.work("default") as work:
        work.cancel(made.id)
    hand_over(service.jobs.db)
    assert len(deliveries(service, hook)) == 1
    with psycopg.connect(fresh.admin_dsn) as conn:
        row = conn.execute("SELECT params #> '{event,data,result}' <> 'null' FROM tolva.jobs WHERE kind = 'webhook'")
        assert row.fetchone() == (told,)


def test_a_secret_is_told_once(service: Service, receiver: Receiver) -> None:
    hook = make(service, receiver)
    secret = hook.pop("secret")
    assert secret.startswith("whsec_")
    paths = "/api/v1/webhooks", f"/api/v1/webhooks/{hook['id']}", "/api/v1/jobs", "/api/v1/audit"
    assert not any(secret in service.client.get(path).text for path in paths)


def test_a_request_that_is_sent_again_makes_one_webhook(service: Service, receiver: Receiver) -> None:
    def send(url: str = receiver.url) -> Any:
        return service.client.post("/api/v1/webhooks", json={"url": url}, headers={"Idempotency-Key": "k"})

    first, again = send().json(), send().json()
    assert again == first | {"secret": None}
    assert send("https://example.com/").status_code == 409
    assert len(service.client.get("/api/v1/webhooks").json()["webhooks"]) == 1


@pytest.mark.parametrize("url", ["https://xn--/a", "https://xn--a.example/", "https://xn--ls8h.la/"])
def test_a_name_in_the_letters_of_dns_is_taken_as_it_is(service: Service, url: str) -> None:
    answer = service.client.post("/api/v1/webhooks", json={"url": url})
    assert (answer.status_code, answer.json().get("url")) == (201, url)
    page = service.client.get(f"/webhooks/{answer.json()['id']}")
    assert page.status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "https://",
        "https://a:b@example.com/",
        "https://example.com:25/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com/\0",
        "nonsense",
        "http://0177.0.0.1/",
        "https://" + "a" * 2000,
        "https://[::1/",
    ],
)
def test_what_is_no_address_of_a_webhook_is_refused(service: Service, url: str) -> None:
    answer = service.client.post("/api/v1/webhooks", json={"url": url})
    assert answer.status_code in (400, 422), answer.text


def test_a_tenant_has_a_bounded_number_of_webhooks(service: Service, receiver: Receiver, fresh: Fresh) -> None:
    make(service, receiver)
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute(
            """INSERT INTO tolva.webhooks (id, tenant_id, url, events, secret, created_by)
            SELECT gen_random_uuid(), tenant_id, url, events, secret, created_by
            FROM tolva.webhooks, generate_series(1, 49)"""
        )
    assert service.client.post("/api/v1/webhooks", json={"url": receiver.url}).status_code == 409


def test_no_more_are_made_by_several_at_once(
    service: Service, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "MOST", 1)
    by = Caller("default", Role.ADMIN, "test")
    wanted = Wanted(receiver.url, EVERY)

    def second() -> None:
        with pytest.raises(Conflict), service.jobs.db.transaction("default") as conn:
            webhook.create_webhook(conn, by, wanted, Limits(Outward(private=True), service.jobs.catalogue))

    waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with ThreadPoolExecutor(1) as pool:
        with service.jobs.db.transaction("default") as conn:
            webhook.create_webhook(conn, by, wanted, Limits(Outward(private=True), service.jobs.catalogue))
            later = pool.submit(second)
            until(lambda: conn.execute(waiting).fetchall())
        later.result(10)


def test_deliveries_come_in_pages(service: Service, receiver: Receiver) -> None:
    hook = make(service, receiver)
    for _ in range(5):
        cancelled_job(service)
    hand_over(service.jobs.db)
    path = f"/api/v1/webhooks/{hook['id']}/deliveries"
    seen: list[str] = []
    before = None
    while True:
        page = service.client.get(path, params={"limit": 2} | ({"before": before} if before else {})).json()
        seen += [each["id"] for each in page["deliveries"]]
        if (before := page["next"]) is None:
            break
    assert len(set(seen)) == 5 and seen == sorted(seen, reverse=True)


def test_no_page_of_deliveries_leads_to_an_empty_one(service: Service, receiver: Receiver) -> None:
    hook = make(service, receiver)
    for _ in range(2):
        cancelled_job(service)
    hand_over(service.jobs.db)
    page = service.client.get(f"/api/v1/webhooks/{hook['id']}/deliveries", params={"limit": 2}).json()
    assert (len(page["deliveries"]), page["next"]) == (2, None)


def test_another_tenants_webhook_is_not_there(service: Service, receiver: Receiver, fresh: Fresh) -> None:
    hook = make(service, receiver)
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute("UPDATE tolva.webhooks SET tenant_id = 'other'")
    url = f"/api/v1/webhooks/{hook['id']}"
    given = {"url": receiver.url}
    calls = [("GET", ""), ("PUT", ""), ("POST", "/rotate"), ("POST", "/test"), ("GET", "/deliveries"), ("DELETE", "")]
    answers = [service.client.request(verb, url + end, json=given if verb == "PUT" else None) for verb, end in calls]
    assert [answer.status_code for answer in answers] == [404] * len(calls)
    assert service.client.get("/api/v1/webhooks").json() == {"webhooks": []}


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_webhooks_are_for_administrators(service: Service, receiver: Receiver, role: str) -> None:
    secret, _ = new_key(service, role)
    headers = {"Authorization": f"Bearer {secret.text}"}
    assert service.client.get("/api/v1/webhooks", headers=headers).status_code == 403
    assert service.client.post("/api/v1/webhooks", headers=headers, json={"url": receiver.url}).status_code == 403
