"""The page of the schedules, and its form."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString

import httpx
import pytest

from tests.jobs.workshop import until
from tests.pages.reader import get, log_in, noted, post, went_to
from tests.service import Service, serving
from tolva import app
from tolva.core.job import NewJob
from tolva.db.pool import Connection, Database
from tolva.engines.postgres import PostgresEngine
from tolva.jobs import schedule
from tolva.jobs.work import Jobs
from tolva.settings import Settings
from tolva.web.access.caller import Role
from tolva.web.pages import schedules

GIVEN = {
    "name": "nightly",
    "kind": "errand",
    "cron": "30 2 * * *",
    "timezone": "America/Bogota",
    "params": '{"days": 1}',
    "priority": "7",
    "missed": "latest",
}


def make(service: Service, **given: str) -> None:
    assert went_to(post(service, "/schedules", **GIVEN | given)) == "/schedules"
    service.client.cookies.clear()  # what is told of it has the name as well


def listed(service: Service) -> list[dict[str, Any]]:
    return service.client.get("/api/v1/schedules").json()["schedules"]


def test_a_schedule_is_made_told_shown_with_its_next_times_and_changed(service: Service) -> None:
    assert "A schedule makes a job again and again" in get(service, "/schedules")
    make(service)
    [kept] = listed(service)
    assert (kept["cron"], kept["timezone"], kept["params"], kept["priority"], kept["missed"]) == (
        "30 2 * * *",
        "America/Bogota",
        {"days": 1},
        7,
        "latest",
    )
    page = get(service, "/schedules", Cookie="tolva_tz=Asia/Tokyo; tolva_told=schedule.0.0.0.n%2E%C3%A9")
    assert "The schedule “n.é” is kept." in page
    assert len(re.findall(r"4:30\sPM</time>", page)) == 3, "half past two in Bogotá is half past four in Tokyo"
    form = get(service, "/schedules?change=nightly")
    assert 'value="nightly" maxlength="100" required readonly' in form and '"days": 1' in form
    make(service, was="nightly", cron="0 4 * * *")
    assert [each["cron"] for each in listed(service)] == ["0 4 * * *"]
    assert noted(service) == [("schedule.put", "nightly")] * 2


@pytest.mark.parametrize(
    ("given", "field", "told"),
    [
        ({"cron": "99 2 * * *"}, "cron", "minute '99'"),
        ({"timezone": "Nowhere"}, "timezone", "unknown time zone"),
        ({"name": "a/b"}, "name", "no slash"),
        ({"kind": "nope"}, "kind", "Choose what"),
        ({"kind": "bulk_upload"}, "kind", "Choose what"),
        ({"params": "[1]"}, "params", "JSON object"),
        ({"params": '{"a": NaN}'}, "params", "JSON object"),
        ({"params": '{"a": 1e400}'}, "params", "JSON object"),
        ({"params": r'{"a": "\u0000"}'}, "params", "JSON object"),
        ({"params": r'{"a": "\ud800"}'}, "params", "JSON object"),
        ({"params": '{"a": ' + "[" * 250 + "]" * 250 + "}"}, "params", "JSON object"),
        ({"priority": "10"}, "priority", "from 0"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_what_was_filled_in_stays(
    lasting_service: Service, given: dict[str, str], field: str, told: str
) -> None:
    answer = post(lasting_service, "/schedules", **GIVEN | {"name": "kept name"} | given)
    assert answer.status_code == 400
    page = answer.text.replace("&#39;", "'")
    [fault] = re.findall(rf'<p class="fault" id="{field}-fault">(.*)</p>', page)
    assert told in fault
    assert page.count('aria-invalid="true"') == 1
    assert given.get("name", "kept name") in page
    assert listed(lasting_service) == []


def test_a_form_for_a_new_schedule_does_not_change_the_one_of_that_name(service: Service) -> None:
    make(service)
    answer = post(service, "/schedules", **GIVEN | {"cron": "0 5 * * *"})
    assert answer.status_code == 400 and "There is a schedule of that name" in answer.text
    assert listed(service)[0]["cron"] == "30 2 * * *"


def test_of_two_who_make_one_of_the_same_name_at_once_the_second_is_told(service: Service) -> None:
    first = schedule.Schedule("nightly", "0 5 * * *", "UTC", NewJob("errand"))
    with ThreadPoolExecutor(1) as other:
        with service.jobs.db.transaction("default") as conn:
            schedule.put_schedule(conn, service.jobs.catalogue, "default", first, new=True)
            second = other.submit(post, service, "/schedules", **GIVEN)
            until(lambda: waits_for_a_lock(conn))
        assert second.result().status_code == 400 and "There is a schedule of that name" in second.result().text
    assert [each["cron"] for each in listed(service)] == ["0 5 * * *"]


def waits_for_a_lock(conn: Connection) -> bool:
    return conn.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is not None


def test_the_next_times_are_shown_without_keeping_anything(service: Service) -> None:
    page = post(service, "/schedules/preview", **GIVEN | {"name": ""}).text
    assert len(re.findall(r"7:30\sAM</time>", page)) == 5
    assert 'value="30 2 * * *"' in page
    assert "cron-fault" in post(service, "/schedules/preview", **GIVEN | {"cron": "x"}).text
    assert listed(service) == []


def test_only_what_runs_by_the_clock_can_be_chosen(service: Service) -> None:
    page = get(service, "/schedules")
    assert re.findall(r'<option value="(\w+)"[^>]*>errand', page) == ["errand"] and "bulk_upload" not in page


def test_an_installation_without_such_a_kind_says_so_and_has_no_form(settings: Settings, db: Database) -> None:
    jobs = Jobs(db, PostgresEngine(db), app.catalogue(settings))
    with serving(settings, jobs) as url:
        page = httpx.get(f"{url}/schedules", headers={"Accept": "text/html"}).text
    assert "Nothing of this installation can be scheduled yet." in page and "on_schedule=True" in page
    assert 'id="form"' not in page


def test_an_operator_runs_pauses_and_resumes_one_and_may_not_make_or_delete_it(service: Service) -> None:
    make(service)
    log_in(service, Role.OPERATOR)
    first = went_to(post(service, "/schedules/nightly/run", token="t"))
    assert first.startswith("/jobs/")
    assert went_to(post(service, "/schedules/nightly/run", token="t")) == first, "a double click is one job"
    went_to(post(service, "/schedules/nightly/pause"))
    page = get(service, "/schedules")
    assert "“nightly” is paused." in page and "/schedules/nightly/resume" in page
    assert 'id="form"' not in page and "/delete" not in page
    went_to(post(service, "/schedules/nightly/resume"))
    assert listed(service)[0]["paused_at"] is None
    assert post(service, "/schedules", **GIVEN).status_code == 403
    assert post(service, "/schedules/preview", **GIVEN).status_code == 403
    assert post(service, "/schedules/nightly/delete").status_code == 403
    assert [action for action, _ in noted(service)[1:]] == ["schedule.run", "schedule.pause", "schedule.resume"]


def test_an_administrator_deletes_one_after_a_question(service: Service) -> None:
    make(service)
    assert "data-confirm" in get(service, "/schedules")
    assert went_to(post(service, "/schedules/nightly/delete")) == "/schedules"
    assert listed(service) == []
    assert noted(service)[-1] == ("schedule.drop", "nightly")


@pytest.mark.parametrize("verb", ["run", "pause", "resume", "delete"])
def test_a_viewer_sees_schedules_without_buttons_and_is_refused(service: Service, verb: str) -> None:
    make(service)
    log_in(service, Role.VIEWER)
    page = get(service, "/schedules")
    assert "nightly" in page and "/schedules/nightly/" not in page
    assert post(service, f"/schedules/nightly/{verb}").status_code == 403


def test_another_tenants_schedule_is_not_shown_and_not_found(service: Service) -> None:
    make(service)
    log_in(service, Role.ADMIN, "other")
    assert "nightly" not in re.sub("placeholder=.*", "", get(service, "/schedules"))
    assert post(service, "/schedules/nightly/run").status_code == 404
    assert service.client.get("/schedules?change=nightly").status_code == 404


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("timezone = 'Mars/Base'", "unknown time zone"),
        ("kind = 'bulk_upload'", "do not run by the clock"),
        ("kind = 'gone'", "There is no job of the kind"),
        ("trouble = 'odd'", "odd"),
    ],
)
def test_a_schedule_that_cannot_run_any_more_is_shown_with_the_reason_instead_of_times(
    service: Service, change: LiteralString, told: str
) -> None:
    make(service)
    with service.jobs.db.transaction("default") as conn:
        conn.execute(f"UPDATE tolva.schedules SET {change}")
    page = get(service, "/schedules")
    assert re.search(f"cannot run:.*{told}", page) and "7:30" not in page


def test_one_schedule_too_many_is_told_beside_its_name(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MOST", 1)
    make(service)
    answer = post(service, "/schedules", **GIVEN | {"name": "another"})
    assert answer.status_code == 400 and "There are as many schedules as there may be." in answer.text
    make(service, was="nightly", cron="0 4 * * *")


def test_schedules_come_in_pages(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "PAGE", 1)
    for name in ("first", "second one"):
        make(service, name=name)
    page = get(service, "/schedules")
    assert ('Pause<span class="hidden"> first' in page, "second one" in page) == (True, False)
    [further] = re.findall(r'href="(/schedules\?after=[^"&]*)"', page)
    page = get(service, further)
    assert "second one" in page
    assert 'Pause<span class="hidden"> first' not in page and ">Further<" not in page
    back = "/schedules?after=first"
    assert page.count(f'name="back" value="{back}"') == 2, "of the buttons that lead back to the list"
    change = f"{back}&change=second%20one"
    assert f'href="{change}#form"' in page
    form = get(service, change)
    assert "second one" in form and 'name="after" value="first"' in form
    kept = post(service, "/schedules", **GIVEN | {"was": "second one", "name": "second one", "after": "first"})
    assert went_to(kept) == back
    assert went_to(post(service, "/schedules/second%20one/pause", back=back)) == back
    assert went_to(post(service, "/schedules/second%20one/delete", back=back)) == back
    emptied = get(service, back)
    assert "No further schedules." in emptied and "No schedules yet" not in emptied
