"""The page of a job while its stream is away, or the whole server."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.browser import workbook
from tests.browser.conftest import Arrive
from tests.browser.house import House
from tests.browser.visitor import Visitor
from tests.service import serving
from tolva.web.live import hub


def test_the_page_says_that_the_server_is_away_keeps_its_buttons_and_goes_on_when_it_is_back(
    browser: Browser, house: House, tmp_path: Path
) -> None:
    jobs, settings = house.service.jobs, house.service.settings
    with house.held_at(workbook.MIDDLE):
        id = house.sends(workbook.write(tmp_path / "larga.xlsx"))
        with serving(settings, jobs) as url:
            visitor = Visitor.arrives(browser, url, locale="es-CO")
            visitor.expected = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "htmx:sse:error")
            page = visitor.opens(f"/jobs/{id}")
            expect(page.locator("#live progress")).to_have_attribute("value", "140")
            expect(page.locator("#away")).to_be_hidden()
        expect(page.locator("#away")).to_be_visible()
        expect(page.locator("#away")).to_contain_text("Sin conexión con Tolva")
        with page.expect_event("requestfailed", lambda request: request.url.endswith("/health")):
            cancel(page, "Cancelar")
        expect(page.locator("#away")).to_be_focused()
        expect(page.get_by_role("button", name="Cancelar")).to_be_visible()
    with serving(settings.model_copy(update={"port": urlsplit(url).port}), jobs):
        expect(page.locator("#away")).to_be_hidden()
        expect(page.get_by_role("status")).to_contain_text("completada")
        visitor.leaves()
    assert house.job(id)["state"] == "completed", "what was pressed meanwhile did nothing"


def test_a_job_is_cancelled_from_its_page_while_only_the_stream_is_away(
    arrive: Arrive, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = arrive()
    visitor.expected = ("503",)
    with house.paused():
        id = house.sends(workbook.write(tmp_path / "llena.xlsx"))
        with monkeypatch.context() as full:
            full.setattr(hub, "MOST_STREAMS", 0)
            page = visitor.opens(f"/jobs/{id}")
            expect(page.locator("#still")).to_be_visible()
            expect(page.locator("#away")).to_be_hidden()
        expect(page.locator("#still")).to_be_hidden()
        with monkeypatch.context() as full:
            full.setattr(hub, "MOST_STREAMS", 0)
            page.reload()
            expect(page.locator("#still")).to_be_visible()
            cancel(page, "Cancel")
            expect(page.get_by_role("status")).to_contain_text("cancelled")
    assert house.job(id)["state"] == "cancelled"


def test_what_is_pressed_while_tolva_is_asked_is_sent_once_and_a_button_that_is_gone_by_then_never(
    arrive: Arrive, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = arrive()
    visitor.expected = ("503",)
    monkeypatch.setattr(hub, "MOST_STREAMS", 0)
    with house.paused():
        id = house.sends(workbook.write(tmp_path / "llena.xlsx"))
        page = visitor.opens(f"/jobs/{id}")
        expect(page.locator("#still")).to_be_visible()
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
        page.evaluate(PRESS_AND_TAKE_AWAY)
        assert not sent
        questions: list[str] = []

        def agree(dialog: Dialog) -> None:
            questions.append(dialog.message)
            dialog.accept()

        page.on("dialog", agree)
        page.evaluate(PRESS_TWICE)
        expect(page.get_by_role("status")).to_contain_text("cancelled")
    assert ([url.rpartition("/")[2] for url in sent], len(questions)) == (["cancel"], 1)


def test_of_two_forms_that_are_pressed_while_tolva_is_asked_the_last_is_sent(
    arrive: Arrive, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = arrive()
    visitor.expected = ("503",)
    monkeypatch.setattr(hub, "MOST_STREAMS", 0)
    with house.paused():
        page = visitor.opens(f"/jobs/{house.sends(workbook.write(tmp_path / 'llena.xlsx'))}")
        expect(page.locator("#still")).to_be_visible()
        with page.expect_request(lambda request: request.method == "POST") as sent:
            page.evaluate(PRESS_BOTH)
    assert sent.value.url.endswith("/preferences")


PRESS_BOTH = """() => {
  for (const action of ["cancel", "preferences"]) document.querySelector(`form[action$=${action}] button`).click();
}"""
PRESS_AND_TAKE_AWAY = """async () => {
  const button = document.querySelector("form[action$=cancel] button"), form = button.form;
  const { fetch } = window, asked = new Promise((tell) => {
    window.fetch = (...call) => { const answer = fetch(...call); tell(answer); return answer; };
  });
  button.click();
  button.remove();
  await asked;
  window.fetch = fetch;
  await new Promise((go) => setTimeout(go)); // what waited for the answer has had its turn
  form.append(button);
}"""
PRESS_TWICE = """() => {
  const button = document.querySelector("form[action$=cancel] button");
  button.click();
  button.click();
}"""


def cancel(page: Page, name: str) -> None:
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=name).click()
