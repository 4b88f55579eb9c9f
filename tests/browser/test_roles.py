"""What a login opens, and what it does not."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.api.moved import queued
from tests.browser import workbook
from tests.browser.conftest import Arrive
from tests.browser.house import House
from tests.browser.visitor import Visitor
from tolva.web.access.caller import Role
from tolva.web.access.keys import NewKey, create_key
from tolva.web.live import stream

POST = """(path) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action: path });
  document.body.append(form);
  form.submit();
}"""


@pytest.fixture(scope="module")
def load(house: House, tmp_path_factory: pytest.TempPathFactory) -> str:
    return house.ended(house.sends(workbook.write(tmp_path_factory.mktemp("sheets") / "productos.xlsx")))


@pytest.fixture(scope="module")
def viewer(house: House, load: str) -> str:
    """The key of somebody who may only look. From the first key on, all need one."""
    with house.service.jobs.db.transaction("default") as conn:
        made, _ = create_key(conn, NewKey("default", "auditora", Role.VIEWER, "test"))
    return made.text


def log_in(page: Page, key: str) -> None:
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Log in").click()


def test_a_viewer_sees_everything_and_can_do_nothing(visitor: Visitor, load: str, viewer: str) -> None:
    page = visitor.opens(f"/jobs/{load}")
    visitor.expected = ("401", "403")
    assert "/login" in page.url
    log_in(page, "tolva_wrong")
    expect(page.get_by_role("alert")).to_be_visible()
    log_in(page, viewer)
    assert page.url.endswith(f"/jobs/{load}"), "on to where they wanted to go"
    expect(page.get_by_role("status")).to_contain_text("completed")
    expect(page.locator("#errors tbody tr")).to_have_count(25)
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    expect(page.get_by_role("link", name="Keys")).to_have_count(0)
    page.goto("/upload")
    expect(page.get_by_text("Your key is for looking only")).to_be_visible()
    page.goto(f"/jobs/{load}")
    page.evaluate(POST, f"/jobs/{load}/undo")
    expect(page.get_by_role("heading", name="This is not for your key")).to_be_visible()
    page.goto("/keys")
    expect(page.get_by_role("heading", name="This is not for your key")).to_be_visible()


def test_after_a_logout_nothing_is_shown_any_more(visitor: Visitor, load: str, viewer: str) -> None:
    page = visitor.opens("/login")
    log_in(page, viewer)
    expect(page).to_have_title("Home · Tolva")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.goto(f"/jobs/{load}")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_login_that_ends_under_the_page_of_a_job_is_told(
    arrive: Arrive, house: House, viewer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT", 0.2)
    visitor = arrive()
    visitor.expected = ("401", "htmx:sse:error")
    [job] = queued(house.service, run_at=datetime.now(UTC) + timedelta(hours=1))
    page = visitor.opens(f"/login?next=/jobs/{job}")
    with page.expect_response("**/live"):
        log_in(page, viewer)
    with house.service.jobs.db.transaction("default") as conn:
        conn.execute("DELETE FROM tolva.sessions")
    expect(page.get_by_text("Your login has ended")).to_be_visible()
    log_in(page, viewer)
    assert page.url.endswith(f"/jobs/{job}")
