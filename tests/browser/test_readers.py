"""Whoever reads: in their language, colours and time zone, without a mouse, without JavaScript, without rights."""

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import FilePayload, Page, Response, Route, expect

from tests.browser import workbook
from tests.browser.conftest import Arrive
from tests.browser.house import PROVIDER, House
from tests.browser.visitor import Visitor
from tolva.web.pages.formats import Formats


@pytest.fixture(scope="module")
def load(house: House, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A load that has ended, with 60 refused rows."""
    return house.ended(house.sends(workbook.write(tmp_path_factory.mktemp("sheets") / "productos.xlsx")))


def choose(page: Page, label: str, option: str) -> None:
    """In the menu of preferences, which speaks the language of the page."""
    page.locator("details.menu summary").click()
    page.locator(".sheet").get_by_label(label).select_option(label=option)
    with page.expect_navigation():
        page.locator(".sheet form button").first.click()


def test_the_language_is_the_browsers_until_another_is_chosen_for_all_pages(arrive: Arrive, load: str) -> None:
    page = arrive(locale="es-CO").opens(f"/jobs/{load}")
    expect(page.get_by_role("status")).to_contain_text("completada")
    choose(page, "Idioma", "Português")
    assert page.url.endswith(f"/jobs/{load}")
    expect(page.locator("html")).to_have_attribute("lang", "pt")
    page.goto("/upload")
    expect(page.get_by_role("heading", name="Enviar")).to_be_visible()
    choose(page, "Idioma", "English")
    expect(page.get_by_role("heading", name="Upload", exact=True)).to_be_visible()
    page.goto("/jobs")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_colours_are_the_systems_until_others_are_chosen_for_all_pages(arrive: Arrive) -> None:
    page = arrive(color_scheme="dark").opens("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    choose(page, "Colours", "light")
    light = page.evaluate(ground)
    assert light != dark
    page.goto("/jobs")
    assert page.evaluate(ground) == light
    choose(page, "Colours", "dark")
    page.goto("/upload")
    assert page.evaluate(ground) == dark


@pytest.mark.parametrize("zone", ["America/Bogota", "Europe/Madrid"])
def test_times_are_of_the_readers_zone_from_the_first_page_on(arrive: Arrive, load: str, zone: str) -> None:
    page = arrive(timezone_id=zone).opens(f"/jobs/{load}")
    accepted = page.locator(".timeline time").first
    moment = datetime.fromisoformat(accepted.get_attribute("datetime") or "")
    expect(accepted).to_have_text(re.sub("<.*?>", "", Formats("en", ZoneInfo(zone)).when(moment)))


@pytest.mark.parametrize(("locale", "size"), [("es-CO", "1,5 MB"), ("es-MX", "1.5 MB"), ("es-419", "1,5 MB")])
def test_the_size_of_a_file_is_written_as_in_the_readers_country(arrive: Arrive, locale: str, size: str) -> None:
    page = arrive(locale=locale).opens("/upload")
    file = FilePayload(name="a.csv", mimeType="text/csv", buffer=bytes(1_500_000))
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator("#sending .size")).to_have_text(size)


def test_uploading_and_cancelling_need_no_mouse(visitor: Visitor, house: House, tmp_path: Path) -> None:
    page, file = visitor.opens("/upload"), workbook.write(tmp_path / "teclado.xlsx", visitor.window)
    page.on("filechooser", lambda chooser: chooser.set_files(file))
    keys = page.keyboard
    keys.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    for field in (page.get_by_label("Kind of data"), page.get_by_label("Proveedor")):
        keys.press("Tab")
        expect(field).to_be_focused()
    keys.type(PROVIDER)
    for _ in range(3):  # past the two workbooks
        keys.press("Tab")
    expect(page.locator("input[type=file]")).to_be_focused()
    keys.press("Space")
    expect(page.locator("#sending li")).to_contain_text(file.name)
    keys.press("Tab")
    expect(page.get_by_label("Look first")).to_be_focused()
    keys.press("ArrowDown")
    expect(page.get_by_label("Load now")).to_be_checked()
    keys.press("Tab")
    expect(page.get_by_role("button", name="Send")).to_be_focused()
    with house.held_at(f"{visitor.window}150"):
        keys.press("Enter")
        page.wait_for_url("**/jobs/*")
        page.on("dialog", lambda dialog: dialog.accept())
        cancel = page.get_by_role("button", name="Cancel")
        expect(cancel).to_be_visible()
        page.locator("#main").focus()
        keys.press("Tab")
        expect(cancel).to_be_focused()
        keys.press("Space")
        expect(page.get_by_role("status")).to_contain_text("stopping")
    expect(page.get_by_role("status")).to_contain_text("cancelled")


def test_without_javascript_every_page_reads_and_the_form_uploads(
    arrive: Arrive, house: House, load: str, tmp_path: Path
) -> None:
    page = arrive(java_script_enabled=False).opens("/")
    for path in ("/", "/jobs", f"/jobs/{load}", f"/jobs/{load}/errors", f"/jobs/{load}/changes", "/dead-letters"):
        page.goto(path)
        expect(page.locator("main")).to_contain_text(re.compile(r"\w{4}"))
        if path == "/":
            expect(page.locator("#ended")).to_have_text(re.compile("In the last hour, .* completed"))
    page.goto(f"/jobs/{load}/errors")
    page.get_by_role("radio", name="missing").check()
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("#errors tbody tr")).to_contain_text(str(workbook.LACKING))
    page.goto("/upload")
    page.get_by_label("Proveedor").fill(PROVIDER)
    page.locator("input[type=file]").set_input_files(workbook.write(tmp_path / "sin.xlsx", "J"))
    page.get_by_label("Load now").check()
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/jobs/*")
    house.ended(page.url.rsplit("/", 1)[1])
    page.reload()
    expect(page.get_by_role("status")).to_contain_text("completed")


def test_a_page_that_asks_again_outlives_an_answer_that_is_an_error(arrive: Arrive, load: str) -> None:
    visitor = arrive()
    visitor.expected = ("503",)
    page = visitor.opens("/jobs")
    line = page.locator(f"#job-{load}")
    expect(line).to_be_visible()

    def refuse(route: Route) -> None:
        route.fulfill(status=503, content_type="text/html", body="<main><p>down</p></main>")

    page.route("**/jobs", refuse)
    for _ in range(2):  # the second question is asked by what the first answer left
        page.wait_for_event("response", lambda answer: answer.status == 503)
    expect(line).to_be_visible()
    page.unroute("**/jobs")

    def is_fresh(answer: Response) -> bool:
        return answer.status == 200 and answer.url.endswith("/jobs")

    page.wait_for_event("response", is_fresh)
    expect(line).to_be_visible()


def test_more_errors_are_told_and_have_the_focus_where_they_begin(arrive: Arrive, load: str) -> None:
    page = arrive().opens(f"/jobs/{load}/errors")
    page.evaluate("window.region = document.getElementById('errors')")
    first = page.locator("#errors tbody td").first
    row = first.inner_text()
    for link in ("More", "From the first"):
        page.get_by_role("link", name=link).focus()
        page.keyboard.press("Enter")
        (expect(first).not_to_have_text if link == "More" else expect(first).to_have_text)(row)
        expect(first).to_be_focused()
        assert page.evaluate("region.isConnected"), "it is the same live region, which is read out"


def test_what_was_opened_stays_open_when_the_job_ends(arrive: Arrive, house: House, tmp_path: Path) -> None:
    visitor = arrive()
    with house.paused():
        job = house.sends(workbook.write(tmp_path / "abierta.xlsx", "O"))
        page = visitor.opens(f"/jobs/{job}")
        page.get_by_text("For engineers").click()
    expect(page.get_by_role("status")).to_contain_text("completed")
    expect(page.locator("#errors")).to_be_visible()
    expect(page.get_by_role("heading", name="Parameters")).to_be_visible()


def test_the_description_of_the_api_is_dark_where_the_other_pages_are(arrive: Arrive) -> None:
    page = arrive(color_scheme="dark").opens("/docs")
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    grounds = [
        page.locator(place).evaluate("(box) => getComputedStyle(box).backgroundColor") for place in ("#docs", ".top")
    ]
    assert grounds == ["rgb(24, 30, 33)", "rgb(24, 30, 33)"]
