"""The pages of the webhooks."""

import re
from concurrent.futures import ThreadPoolExecutor
from html import escape, unescape
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from tests.conftest import Fresh
from tests.jobs.workshop import until
from tests.pages.reader import get, log_in, noted, post, went_to
from tests.service import Service, working
from tests.webhooks.receiver import Receiver
from tolva.connectors.outward import Outward
from tolva.db.pool import Database
from tolva.web.access.caller import Caller, Role
from tolva.workloads.webhooks import webhook
from tolva.workloads.webhooks.wanted import Limits, Wanted
from tolva.workloads.webhooks.webhook import change_webhook

URL = "https://shop.example.com/hooks/T0P"


def make(service: Service, url: str = URL, **given: object) -> httpx.Response:
    fields = {"url": url, "event": ["job.failed"], "kind": ["bulk_upload"], "description": "Shop", "token": "t"} | given
    return post(service, "/webhooks", **fields)


def hooks(service: Service) -> list[dict[str, Any]]:
    return service.client.get("/api/v1/webhooks").json()["webhooks"]


def made(service: Service, url: str = URL) -> str:
    assert make(service, url).status_code == 200
    return hooks(service)[0]["id"]


def secrets_in(page: str) -> list[str]:
    return re.findall(r'<code class="secret">(whsec_[^<]+)</code>', page)


def faulty(page: str) -> set[str]:
    """The names of the fields that are marked."""
    return set(re.findall(r'<input [^>]*name="(\w+)"[^>]* aria-invalid="true"', page))


def test_a_webhook_is_made_and_its_secret_shown_once_with_how_to_verify(service: Service) -> None:
    assert "No webhooks yet" in get(service, "/webhooks")
    answer = make(service)
    assert answer.status_code == 200
    assert len(secrets_in(answer.text)) == 1 and "Tolva-Signature" in answer.text
    [hook] = hooks(service)
    assert (hook["url"], hook["events"], hook["kinds"]) == (URL, ["job.failed"], ["bulk_upload"])
    assert URL in get(service, "/webhooks")
    assert "whsec_" not in get(service, f"/webhooks/{hook['id']}")
    assert noted(service) == [("webhook.create", hook["id"])]


def test_kinds_of_jobs_are_told_by_their_titles_with_the_code_beside(service: Service) -> None:
    made(service)
    page = get(service, "/webhooks", **{"Accept-Language": "es"})
    told = 'Carga de archivo <code class="faint">bulk_upload</code>'
    assert page.count(told) == 2, "in the list and in the form"
    assert told in get(service, f"/webhooks/{hooks(service)[0]['id']}", **{"Accept-Language": "es"})


@pytest.mark.parametrize("kind", ["<b>bold</b>", "100%", "%(kind)s", "failed"])
def test_a_kind_that_is_known_no_more_is_shown_as_it_was_given(service: Service, fresh: Fresh, kind: str) -> None:
    id = made(service)
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute("UPDATE tolva.webhooks SET kinds = %s", ([kind],))
    for page in ("/webhooks", f"/webhooks/{id}"):
        shown = service.client.get(page, headers={"Accept": "text/html", "Accept-Language": "es"})
        assert shown.status_code == 200
        assert f'{escape(kind)} <code class="faint">{escape(kind)}</code>' in shown.text


def test_no_button_takes_the_secret_away_before_it_is_kept(service: Service) -> None:
    shown = make(service).text
    [hook] = hooks(service)
    rotated = post(service, f"/webhooks/{hook['id']}/rotate", token="r").text
    for page in (shown, rotated):
        assert secrets_in(page) and f'action="/webhooks/{hook["id"]}/' not in page
        assert f'href="/webhooks/{hook["id"]}">I have kept it' in page
    assert f'action="/webhooks/{hook["id"]}/test"' in get(service, f"/webhooks/{hook['id']}")


def test_a_form_that_comes_twice_makes_one_webhook_and_says_so(service: Service) -> None:
    make(service)
    again = make(service)
    assert "This came twice" in again.text and not secrets_in(again.text)
    assert len(hooks(service)) == 1


@pytest.mark.parametrize(
    ("given", "told", "marked"),
    [
        ({"url": "ftp://shop.example.com"}, "begins with https", {"url"}),
        ({"event": []}, "at least one kind of event", {"event"}),
        ({"url": "ftp://shop.example.com", "event": []}, "at least one kind of event", {"url", "event"}),
        ({"kind": ["bulk_upload", *"k" * 50]}, "at most 50 kinds of jobs", {"kind"}),
        ({"kind": ["bulk_upload", "k" * 201]}, "one line of 1 to 200 characters", {"kind"}),
        ({"kind": ["bulk_upload", ""]}, "one line of 1 to 200 characters", {"kind"}),
        (
            {"kind": ["bulk_upload", "undoo"]},
            "There is no kind of jobs 'undoo' for webhooks. Did you mean \"undo\"?",
            {"kind"},
        ),
        ({"kind": ["bulk_upload", "a\nb"]}, "one line of 1 to 200 characters", {"kind"}),
    ],
)
def test_what_is_wrong_is_told_and_marked_and_what_was_filled_in_stays_and_can_be_mended(
    service: Service, given: dict[str, Any], told: str, marked: set[str]
) -> None:
    answer = make(service, **given)
    assert answer.status_code == 400
    page = unescape(answer.text)
    assert told in page and 'value="Shop"' in page and 'value="bulk_upload" checked' in page
    assert faulty(page) == marked
    assert hooks(service) == []
    assert make(service).status_code == 200, "a refused form leaves its token free"


@pytest.mark.parametrize("description", ["x" * 501, "a\nb", "a\0b"])
def test_a_description_that_fills_no_line_is_refused(service: Service, description: str) -> None:
    answer = make(service, description=description)
    assert (answer.status_code, faulty(answer.text)) == (400, {"description"})
    assert "one line of at most 500 characters" in answer.text
    assert hooks(service) == []


def test_a_webhook_too_many_is_a_conflict_as_it_is_for_programs(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "MOST", 1)
    made(service)
    answer = make(service, token="another page")
    assert answer.status_code == 409
    assert "There are 1 webhooks already" in answer.text and 'value="Shop"' in answer.text
    assert not faulty(answer.text)


@pytest.mark.parametrize("verb", ["off", "on"])
def test_a_button_and_a_change_at_the_same_time_both_stay(service: Service, db: Database, verb: str) -> None:
    id = UUID(made(service))
    changed = Wanted("https://other.example.com/", ["job.failed"], description="Other", active=verb == "off")
    limits = Limits(Outward(), service.jobs.catalogue)
    with ThreadPoolExecutor(1) as pool:
        with db.transaction("default") as conn:
            change_webhook(conn, Caller("default", Role.ADMIN, "test"), id, changed, limits)
            button = pool.submit(post, service, f"/webhooks/{id}/{verb}")
            until(lambda: conn.execute("SELECT FROM pg_locks WHERE NOT granted").fetchall())
        went_to(button.result(10))
    [hook] = hooks(service)
    assert (hook["url"], hook["description"], hook["active"]) == (changed.url, "Other", verb == "on")


def test_a_webhook_whose_address_is_no_more_allowed_can_be_switched_off(service: Service, fresh: Fresh) -> None:
    id = made(service)
    with psycopg.connect(fresh.admin_dsn) as conn:
        conn.execute("UPDATE tolva.webhooks SET url = 'https://shop.example.com:25/'")
    went_to(post(service, f"/webhooks/{id}/off"))
    assert not hooks(service)[0]["active"]


def test_a_test_is_delivered_and_its_outcome_shown(service: Service, receiver: Receiver) -> None:
    id = made(service, receiver.url)
    assert went_to(post(service, f"/webhooks/{id}/test", token="x")) == f"/webhooks/{id}#deliveries"
    went_to(post(service, f"/webhooks/{id}/test", token="x"))
    with working(service):
        page = until(lambda: ">delivered<" in (page := get(service, f"/webhooks/{id}")) and page)
    assert "<strong>200</strong>" in page
    assert [got.headers["tolva-event"] for got in receiver.got] == ["webhook.test"], "a double click is one test"
    [job] = re.findall(r'<a href="(/jobs/[^"]+)">test</a>', page)
    delivery = get(service, job)
    assert "<h1>127.0.0.1 · webhook.test</h1>" in delivery and "Delivery of a webhook" in delivery
    assert f'href="/webhooks/{id}"' in delivery


def test_a_webhook_gets_a_new_secret_is_switched_off_and_on_and_deleted(service: Service) -> None:
    id = made(service)
    rotated = post(service, f"/webhooks/{id}/rotate", token="r")
    assert rotated.status_code == 200 and len(secrets_in(rotated.text)) == 1 and "the old one signs" in rotated.text
    assert not secrets_in(post(service, f"/webhooks/{id}/rotate", token="r").text), "a reload is no second rotation"
    went_to(post(service, f"/webhooks/{id}/off"))
    assert "autofocus>“Shop” is switched off." in get(service, f"/webhooks/{id}")
    assert (hooks(service)[0]["active"], hooks(service)[0]["kinds"]) == (False, ["bulk_upload"])
    assert f"/webhooks/{id}/on" in get(service, f"/webhooks/{id}")
    went_to(post(service, f"/webhooks/{id}/on"))
    assert hooks(service)[0]["active"]
    assert went_to(post(service, f"/webhooks/{id}/delete")) == "/webhooks"
    assert hooks(service) == []
    actions = [action.removeprefix("webhook.") for action, _ in noted(service)]
    assert actions == ["create", "rotate", "change", "change", "drop"]


@pytest.mark.parametrize("button", ["off", "on", "delete"])
def test_a_webhook_without_a_description_is_named_by_its_host_where_its_path_may_be_a_secret(
    service: Service, button: str
) -> None:
    make(service, description="")
    answer = post(service, f"/webhooks/{hooks(service)[0]['id']}/{button}")
    [told] = answer.headers.get_list("set-cookie")
    assert "shop.example.com" in told and "T0P" not in told


def test_whoever_is_no_administrator_finds_no_link_and_is_refused(service: Service) -> None:
    id = made(service)
    log_in(service, Role.OPERATOR)
    assert "/webhooks" not in get(service, "/")
    assert service.client.get("/webhooks").status_code == 403
    assert make(service).status_code == 403
    for verb in ("test", "off", "on", "rotate", "delete"):
        assert post(service, f"/webhooks/{id}/{verb}").status_code == 403


def test_another_tenants_webhook_is_not_shown_and_not_found(service: Service) -> None:
    id = made(service)
    log_in(service, Role.ADMIN, "other")
    assert id not in get(service, "/webhooks")
    assert service.client.get(f"/webhooks/{id}").status_code == 404
    for verb in ("test", "off", "on", "rotate", "delete"):
        assert post(service, f"/webhooks/{id}/{verb}").status_code == 404
