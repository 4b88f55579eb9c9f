"""The page of a job while the server is away."""

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect

from tests.browser import workbook
from tests.browser.house import House
from tests.browser.visitor import Visitor
from tests.service import serving


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
            page.on("dialog", lambda dialog: dialog.accept())
            expect(page.locator("#live progress")).to_have_attribute("value", "140")
            expect(page.locator("#lost")).to_be_hidden()
        expect(page.locator("#lost")).to_be_visible()
        expect(page.locator("#lost")).to_contain_text("Sin conexión con Tolva")
        page.get_by_role("button", name="Cancelar").click()
        expect(page.get_by_role("button", name="Cancelar")).to_be_visible()
    with serving(settings.model_copy(update={"port": urlsplit(url).port}), jobs):
        expect(page.locator("#lost")).to_be_hidden()
        expect(page.get_by_role("status")).to_contain_text("completada")
        visitor.leaves()
    assert house.job(id)["state"] == "completed", "what was pressed meanwhile did nothing"
