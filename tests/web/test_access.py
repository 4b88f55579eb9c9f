"""Who gets in, as whom, and what is noted of it."""

import logging
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.routing import BaseRoute
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.conftest import Fresh
from tests.jobs.workshop import until
from tests.service import Service, serving
from tolva import app
from tolva.db.pool import Database
from tolva.settings import Settings, load_settings
from tolva.web.access import sessions
from tolva.web.access.caller import Role
from tolva.web.access.gate import COOKIE
from tolva.web.access.keys import NewKey, create_key, revoke_key
from tolva.web.access.secrets import PREFIX, hash_of
from tolva.web.access.sessions import log_in, log_out
from tolva.web.access.upkeep import prune_access

CSV = b"codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias\n001,Guantes,1.50,CS-1,3\n"
SUPPLIER = {"params": '{"proveedor_id": "P1"}'}
ME = "/api/v1/me"


def make_key(service: Service, role: Role = Role.ADMIN, tenant: str = "default", **more: Any) -> tuple[str, UUID]:
    with service.jobs.db.transaction(tenant) as conn:
        secret, row = create_key(conn, NewKey(tenant, f"the {role}", role, "a test", **more))
    return secret.text, row["id"]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def upload(service: Service, key: str | None = None, **headers: str) -> httpx.Response:
    given = (bearer(key) if key else {}) | headers
    return service.client.post("/api/v1/uploads", params=SUPPLIER, files={"file": ("a.csv", CSV)}, headers=given)


def logged_in(service: Service, key: str) -> dict[str, str]:
    """The cookie that the dashboard's login sets."""
    request = Request({"type": "http", "method": "POST", "headers": [], "client": None})
    return {"Cookie": f"{COOKIE}={log_in(app.gate(service.settings, service.jobs.db), request, key)}"}


def execute(fresh: Fresh, statement: str, *given: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        done = conn.execute(statement.encode(), given)
        return done.fetchall() if done.description else []


# --- who gets in -----------------------------------------------------------------------------------------------------


def test_without_any_key_this_machine_is_the_default_tenants_administrator(service: Service) -> None:
    answer = service.client.get(ME)
    assert (answer.status_code, answer.json()) == (
        200,
        {"tenant": "default", "role": "admin", "actor": "this machine"},
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8000"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "["},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Via": "1.1 proxy"},
    ],
    ids=str,
)
def test_who_reaches_this_machine_under_another_name_or_through_a_proxy_needs_a_key(
    service: Service, headers: dict[str, str]
) -> None:
    assert service.client.get(ME, headers=headers).status_code == 401


@pytest.mark.parametrize("host", ["localhost", "localhost:1234", "[::1]:80", "127.0.0.2"])
def test_any_name_of_this_machine_will_do(service: Service, host: str) -> None:
    assert service.client.get(ME, headers={"Host": host}).status_code == 200


def test_with_the_first_key_nobody_gets_in_without_one_also_when_it_is_revoked(service: Service) -> None:
    key, id = make_key(service)
    assert service.client.get(ME).status_code == 401
    assert service.client.get(ME, headers=bearer(key)).status_code == 200
    with service.jobs.db.transaction("default") as conn:
        revoke_key(conn, id)
    for headers in ({}, bearer(key)):
        answer = service.client.get(ME, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


class TestWhereOtherMachinesReachIt:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return load_settings(
            data_dir=settings.data_dir, database_url=settings.database_url, port=0, host="0.0.0.0", upload_max_mb=1
        )

    def test_nobody_gets_in_without_a_key_and_is_told_how_to_make_one(self, service: Service) -> None:
        answer = service.client.get(ME)
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:tolva:unauthenticated")
        assert "tolva key create" in answer.json()["detail"]
        key, _ = make_key(service)
        assert service.client.get(ME, headers=bearer(key)).status_code == 200


def test_a_key_comes_as_bearer_or_x_api_key_and_brings_its_tenant_role_and_name(service: Service) -> None:
    key, _ = make_key(service, Role.OPERATOR, "acme")
    for headers in (bearer(key), {"Authorization": f"bearer  {key}"}, {"X-API-Key": key}):
        assert service.client.get(ME, headers=headers).json() == {
            "tenant": "acme",
            "role": "operator",
            "actor": "the operator",
        }


def test_health_and_the_description_need_no_key(service: Service) -> None:
    make_key(service)
    for path in ("/health", "/openapi.json", "/docs"):
        assert service.client.get(path).status_code == 200


def test_an_expired_key_is_refused_and_its_use_is_not_noted(service: Service, fresh: Fresh) -> None:
    key, id = make_key(service, expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert service.client.get(ME, headers=bearer(key)).status_code == 200
    execute(fresh, "UPDATE tolva.keys SET expires_at = now() - interval '1 s', last_used_at = NULL WHERE id = %s", id)
    assert service.client.get(ME, headers=bearer(key)).status_code == 401
    assert execute(fresh, "SELECT last_used_at FROM tolva.keys") == [(None,)]


@pytest.mark.parametrize("key", ["", "x", "tolva_", "ñ", "tolva_" + "a" * 10_000, "tolva_%00"])
def test_what_is_no_key_is_refused(service: Service, key: str) -> None:
    make_key(service)
    assert service.client.get(ME, headers={"X-API-Key": key.encode()}).status_code == 401


# --- roles -----------------------------------------------------------------------------------------------------------


def test_a_viewer_sees_and_is_refused_what_changes_something(service: Service) -> None:
    viewer, _ = make_key(service, Role.VIEWER)
    operator, _ = make_key(service, Role.OPERATOR)
    job = upload(service, operator).json()["id"]
    assert service.client.get(f"/api/v1/uploads/{job}", headers=bearer(viewer)).status_code == 200
    refused = [upload(service, viewer)]
    refused += [
        service.client.post(path, headers=bearer(viewer), json={})
        for path in (f"/api/v1/jobs/{job}/undo", f"/api/v1/uploads/{job}/load")
    ]
    for answer in refused:
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
        assert "operator" in answer.json()["detail"]


CHANGES_NOTHING = ("/api/v1/schedules/preview",)
"""What is no GET because it takes a body."""


def test_every_call_that_changes_something_refuses_a_viewer(service: Service) -> None:
    viewer, _ = make_key(service, Role.VIEWER)
    called = 0
    for method, path in calls(service):
        if method != "GET" and path.startswith("/api/") and path not in CHANGES_NOTHING:
            filled = re.sub(r"{[^}]+}", str(uuid4()), path)
            answer = service.client.request(method, filled, headers=bearer(viewer), json={})
            assert (answer.status_code, method, path) == (403, method, path)
            called += 1
    assert called >= 9


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_keys_and_the_audit_log_are_for_administrators(service: Service, role: Role) -> None:
    key, id = make_key(service, role)
    wanted = {"name": "mine", "role": "viewer"}
    for method, path, body in (
        ("GET", "/api/v1/keys", None),
        ("POST", "/api/v1/keys", wanted),
        ("DELETE", f"/api/v1/keys/{id}", None),
        ("GET", "/api/v1/audit", None),
    ):
        assert service.client.request(method, path, headers=bearer(key), json=body).status_code == 403


# --- tenants ---------------------------------------------------------------------------------------------------------


def calls(service: Service) -> Iterator[tuple[str, str]]:
    """Every method and path of the API, also of routes that its description leaves out."""
    with closing(app.live(service.settings, service.jobs)) as hub:
        server = app.make_api(service.settings, service.jobs, hub)
    for route in _flat(server.routes):
        yield from ((method, route.path) for method in sorted(route.methods))


def _flat(routes: list[BaseRoute]) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif router := getattr(route, "original_router", None):
            yield from _flat(router.routes)


OWN_IDS = re.compile("/(webhooks|resumable-uploads)/")
"""Calls whose ids are no jobs'; see their own tests."""


def test_a_job_of_another_tenant_is_unknown_to_every_call(service: Service) -> None:
    theirs, _ = make_key(service, tenant="theirs")
    ours, _ = make_key(service, tenant="ours")
    job = upload(service, theirs).json()["id"]
    asked = 0
    for method, path in calls(service):
        names = re.findall(r"{(?:id|job_id|task_id)}", path)
        if names and not OWN_IDS.search(path):
            filled = path.replace(names[0], job)
            answer = service.client.request(method, filled, headers=bearer(ours), json={})
            assert (answer.status_code, method, path) == (404, method, path)
            asked += 1
    assert asked >= 8
    assert service.client.get(f"/api/v1/uploads/{job}", headers=bearer(theirs)).json()["state"] == "queued"


def test_another_tenants_keys_and_audit_log_are_not_seen(service: Service) -> None:
    theirs, id = make_key(service, tenant="theirs")
    ours, _ = make_key(service, tenant="ours")
    upload(service, theirs)
    assert len(service.client.get("/api/v1/keys", headers=bearer(ours)).json()["keys"]) == 1
    assert service.client.get("/api/v1/audit", headers=bearer(ours)).json() == {"lines": [], "next": None}
    assert service.client.delete(f"/api/v1/keys/{id}", headers=bearer(ours)).status_code == 404
    assert service.client.get(ME, headers=bearer(theirs)).status_code == 200


# --- the cookie ------------------------------------------------------------------------------------------------------


def test_a_login_acts_in_the_name_of_its_key_until_it_is_ended(service: Service) -> None:
    key, _ = make_key(service, Role.OPERATOR, "acme")
    cookie = logged_in(service, key)
    assert service.client.get(ME, headers=cookie).json()["actor"] == "the operator"
    log_out(service.jobs.db, "acme", cookie["Cookie"].partition("=")[2])
    log_out(service.jobs.db, "acme", cookie["Cookie"].partition("=")[2])
    assert service.client.get(ME, headers=cookie).status_code == 401


CROSS_SITE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
]
OWN = [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"}, {}]


@pytest.mark.parametrize("browser", CROSS_SITE, ids=str)
def test_a_page_of_another_site_cannot_act_with_our_cookie_nor_where_no_key_is_needed(
    service: Service, browser: dict[str, str]
) -> None:
    browser = browser | {"Host": "localhost"}
    assert upload(service, **browser).status_code == 403
    key, _ = make_key(service)
    answer = upload(service, **browser, **logged_in(service, key))
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:tolva:forbidden")
    assert upload(service, key, **browser).status_code == 202, "a key is nothing that a browser adds by itself"


@pytest.mark.parametrize("browser", OWN, ids=str)
def test_our_own_pages_act_with_the_cookie(service: Service, browser: dict[str, str]) -> None:
    key, _ = make_key(service)
    assert upload(service, Host="localhost", **browser, **logged_in(service, key)).status_code == 202


def test_a_key_has_so_many_logins_and_the_oldest_ends(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST", 2)
    (key, _), (other, _) = make_key(service), make_key(service)
    cookies = [logged_in(service, other), *(logged_in(service, key) for _ in range(3))]
    statuses = [service.client.get(ME, headers=cookie).status_code for cookie in cookies]
    assert statuses == [200, 401, 200, 200]


class TestWhoLogsInWithoutEnd:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        given = {"data_dir": settings.data_dir, "database_url": settings.database_url}
        return load_settings(**given, port=0, requests_per_second=0.003)

    def test_a_login_counts_among_the_calls_of_its_key(self, service: Service) -> None:
        key, _ = make_key(service, Role.VIEWER)
        answers = [service.client.post("/login", data={"key": key}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 429]


def test_revoking_a_key_ends_its_logins_at_once_and_again_changes_nothing(service: Service) -> None:
    admin, _ = make_key(service)
    key, id = make_key(service, Role.VIEWER)
    cookie = logged_in(service, key)
    assert service.client.get(ME, headers=cookie).status_code == 200
    first = service.client.delete(f"/api/v1/keys/{id}", headers=bearer(admin))
    assert first.status_code == 200
    assert first.json()["revoked_at"]
    assert service.client.get(ME, headers=cookie).status_code == 401
    assert service.client.delete(f"/api/v1/keys/{id}", headers=bearer(admin)).json() == first.json()


# --- keys over HTTP --------------------------------------------------------------------------------------------------


def test_a_key_is_made_shown_once_and_listed_without_its_secret(service: Service) -> None:
    admin, _ = make_key(service)
    wanted = {"name": "till", "role": "operator", "expires_at": "2099-01-01T00:00:00Z"}
    made = service.client.post("/api/v1/keys", json=wanted, headers=bearer(admin))
    assert made.status_code == 201
    assert {name: made.json()[name] for name in wanted} == wanted
    assert made.json()["created_by"] == "the admin"
    assert service.client.get(ME, headers=bearer(made.json()["key"])).json()["role"] == "operator"
    listed = service.client.get("/api/v1/keys", headers=bearer(admin))
    assert made.json()["key"] not in listed.text
    assert listed.json()["keys"][0]["last_used_at"] is not None
    assert made.json()["key"].startswith(listed.json()["keys"][0]["beginning"])


def test_keys_are_listed_in_pages_newest_first(service: Service) -> None:
    made = [make_key(service) for _ in range(5)]
    admin, seen, before = bearer(made[0][0]), list[str](), None
    while len(seen) < 9:
        given = {"limit": 2} | ({"before": before} if before else {})
        page = service.client.get("/api/v1/keys", params=given, headers=admin).json()
        seen += [key["id"] for key in page["keys"]]
        if not (before := page["next"]):
            break
    assert seen == [str(id) for _, id in reversed(made)]
    assert service.client.get("/api/v1/keys?limit=0", headers=admin).status_code == 422


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"name": "x", "role": "root"}, 422),
        ({"name": "", "role": "viewer"}, 422),
        ({"name": " ", "role": "viewer"}, 400),
        ({"name": "a\nb", "role": "viewer"}, 400),
        ({"name": "a\0b", "role": "viewer"}, 400),
        ({"name": "x", "role": "viewer", "expires_at": "2020-01-01T00:00:00Z"}, 400),
        ({"name": "x", "role": "viewer", "expires_at": "2099-01-01T00:00:00"}, 422),
        ({"name": "x", "role": "viewer", "expires_at": 4_100_000_000}, 422),
        ({"name": "x", "role": "viewer", "tenant": "other"}, 422),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(service: Service, wanted: dict[str, str], code: int) -> None:
    answer = service.client.post("/api/v1/keys", json=wanted)
    assert (answer.status_code, answer.headers["content-type"]) == (code, "application/problem+json")


# --- what is kept, and what is told ----------------------------------------------------------------------------------


def test_only_hashes_are_stored(service: Service, fresh: Fresh) -> None:
    key, _ = make_key(service)
    cookie = logged_in(service, key)["Cookie"].partition("=")[2]
    assert execute(fresh, "SELECT hash FROM tolva.keys") == [(hash_of(key),)]
    assert execute(fresh, "SELECT hash FROM tolva.sessions") == [(hash_of(cookie),)]
    kept = str(execute(fresh, "SELECT k::text, s::text, a::text FROM tolva.keys k, tolva.sessions s, tolva.audit a"))
    kept += str(execute(fresh, "SELECT k::text, s::text FROM tolva.keys k, tolva.sessions s"))
    assert key not in kept
    assert cookie not in kept


def test_secrets_are_not_logged_nor_shown_by_repr(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "websockets.client")  # ours below tells what it sends
    caplog.set_level(logging.DEBUG)
    key, _ = make_key(service)
    cookie = logged_in(service, key)
    made = service.client.post("/api/v1/keys", json={"name": "x", "role": "viewer"}, headers=bearer(key)).json()["key"]
    wrong = PREFIX + "wrong" * 8
    for headers in (bearer(key), cookie, bearer(wrong), {"Cookie": f"{COOKIE}={wrong}"}):
        service.client.get(ME, headers=headers)
        service.client.get("/api/v1/uploads/xyz", headers=headers)
    with serving(service.settings, service.jobs) as url:  # begun at this level, as with LOG_LEVEL=DEBUG
        for headers in (bearer(key), cookie):
            with pytest.raises(InvalidStatus):
                connect(f"{url.replace('http', 'ws')}/api/v1/jobs/{uuid4()}/ws", additional_headers=headers)
    with service.jobs.db.transaction("default") as conn:
        secret, _ = create_key(conn, NewKey("default", "x", Role.VIEWER, "a test"))
    told = caplog.text + repr(secret) + f"{secret}"
    for each in (key, cookie["Cookie"].partition("=")[2], made, wrong, secret.text):
        assert each not in told


def test_what_is_done_is_noted_with_who_did_it(service: Service) -> None:
    admin, admin_id = make_key(service)
    operator, operator_id = make_key(service, Role.OPERATOR)
    job = upload(service, operator).json()["id"]
    again = service.client.post(f"/api/v1/uploads/{job}/load", json={"dry_run": True}, headers=bearer(operator))
    made = service.client.post("/api/v1/keys", json={"name": "x", "role": "viewer"}, headers=bearer(admin)).json()
    service.client.delete(f"/api/v1/keys/{made['id']}", headers=bearer(admin))
    lines = service.client.get("/api/v1/audit", headers=bearer(admin)).json()["lines"]
    assert [(line["action"], line["target"], line["actor"], line["key_id"]) for line in lines] == [
        ("key.revoke", made["id"], "the admin", str(admin_id)),
        ("key.create", made["id"], "the admin", str(admin_id)),
        ("upload.dry_run", again.json()["id"], "the operator", str(operator_id)),
        ("upload.load", job, "the operator", str(operator_id)),
    ]


def test_the_audit_log_is_read_in_pages_and_by_target_and_actor(service: Service) -> None:
    ids = [service.client.post("/api/v1/keys", json={"name": f"k{n}", "role": "admin"}).json() for n in range(1)]
    admin = bearer(ids[0]["key"])
    ids += [
        service.client.post("/api/v1/keys", json={"name": f"k{n}", "role": "viewer"}, headers=admin).json()
        for n in range(1, 5)
    ]
    seen, before = list[str](), None
    while True:
        given = {"limit": 2} | ({"before": before} if before else {})
        page = service.client.get("/api/v1/audit", params=given, headers=admin).json()
        seen += [line["target"] for line in page["lines"]]
        if not (before := page["next"]):
            break
    assert seen == [key["id"] for key in reversed(ids)]

    def actions(**given: str) -> int:
        return len(service.client.get("/api/v1/audit", params=given, headers=admin).json()["lines"])

    assert (actions(target=ids[2]["id"]), actions(actor="this machine"), actions(actor="k0")) == (1, 1, 4)
    assert service.client.get("/api/v1/audit", params={"target": "\0"}, headers=admin).status_code == 400


@pytest.mark.parametrize(
    "statement", ["UPDATE tolva.audit SET actor = 'nobody'", "DELETE FROM tolva.audit", "TRUNCATE tolva.audit"]
)
def test_the_application_cannot_change_a_line_of_the_audit_log(service: Service, statement: str) -> None:
    assert upload(service).status_code == 202
    with pytest.raises(psycopg.errors.InsufficientPrivilege), service.jobs.db.transaction("default") as conn:
        conn.execute(statement.encode())


def test_old_lines_and_logins_that_are_over_are_deleted_and_others_stay(
    service: Service, db: Database, fresh: Fresh
) -> None:
    key, _ = make_key(service)
    logged_in(service, key)
    upload(service, key)
    upload(service, key)
    assert not prune_access(db, keep_audit=3600)
    assert execute(fresh, "SELECT count(*) FROM tolva.sessions") == [(1,)]
    assert execute(fresh, "SELECT count(*) FROM tolva.audit") == [(2,)]
    execute(fresh, "UPDATE tolva.sessions SET expires_at = now() - interval '1 s'")
    until(lambda: execute(fresh, "SELECT max(at) < now() - interval '10 ms' FROM tolva.audit") == [(True,)], 5)
    prune_access(db, keep_audit=0)
    assert execute(fresh, "SELECT count(*) FROM tolva.sessions") == [(0,)]
    assert execute(fresh, "SELECT count(*) FROM tolva.audit") == [(0,)]
