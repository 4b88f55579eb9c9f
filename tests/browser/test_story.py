"""What an office worker does: upload, watch, find out what is wrong, mend it, take it back."""

import base64
import re
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import workbook
from tests.browser.conftest import Arrive
from tests.browser.house import PROVIDER, House
from tests.browser.visitor import PHONE, Visitor, scrolls_sideways
from tests.jobs.workshop import until

UPLOADS = "**/api/v1/uploads?*"
DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0)), carried = new DataTransfer();
  carried.items.add(new File([bytes], name));
  for (const type of ["dragenter", "dragover", "drop"])
    document.getElementById("drop").dispatchEvent(new DragEvent(type, { dataTransfer: carried, bubbles: true }));
}"""


@pytest.fixture(autouse=True)
def empty_table(admin: psycopg.Connection) -> None:
    admin.execute("DELETE FROM products")


def drop(page: Page, *files: Path) -> None:
    for file in files:
        page.evaluate(DROP, [file.name, base64.b64encode(file.read_bytes()).decode()])


def send(page: Page, file: Path, how: str) -> None:
    """By drag and drop where there is room for it."""
    if page.viewport_size == PHONE:
        page.locator("input[type=file]").set_input_files(file)
    else:
        drop(page, file)
    page.get_by_label(how).check()
    page.get_by_role("button", name="Send").click()


def figure(page: Page, name: str) -> str:
    return page.locator(".figure", has=page.get_by_text(name, exact=True)).locator("b").inner_text()


def stored(admin: psycopg.Connection) -> int:
    (number,) = admin.execute("SELECT count(*) FROM products").fetchone() or (0,)
    return number


def test_a_load_is_watched_explained_mended_and_undone(
    visitor: Visitor, house: House, admin: psycopg.Connection, tmp_path: Path
) -> None:
    page = visitor.opens("/upload")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_label("Proveedor").fill(PROVIDER)
    with house.held_at(workbook.MIDDLE):
        send(page, workbook.write(tmp_path / "productos.xlsx"), "Load now")
        watch_it_move_and_reload(page)
    expect(page.get_by_role("status")).to_contain_text("completed")
    assert page.evaluate("window.same"), "it ended by itself"
    assert (figure(page, "rows accepted"), figure(page, "rows refused")) == ("240", "60")
    find_out_about_row_25(page)
    assert not scrolls_sideways(page)
    load = page.url
    mend_and_upload_again(page, tmp_path)
    assert (figure(page, "rows accepted"), figure(page, "rows refused")) == ("60", "0")
    assert stored(admin) == 300
    page.goto(load)
    undo(page)
    assert figure(page, "removed again") == "240"
    assert stored(admin) == 60
    page.goto(load)
    expect(page.get_by_text("It was undone")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def watch_it_move_and_reload(page: Page) -> None:
    page.wait_for_url("**/jobs/*")
    bar = page.locator("#live progress")
    page.evaluate("window.same = true")
    expect(bar).to_have_attribute("value", "140")
    assert page.evaluate("window.same"), "it moved by itself"
    page.reload()
    expect(bar).to_have_attribute("value", "140")
    expect(page.get_by_role("status")).to_contain_text("running")
    page.evaluate("window.same = true")


def find_out_about_row_25(page: Page) -> None:
    grid = page.locator("#errors tbody tr")
    expect(grid).to_have_count(25)
    page.get_by_role("link", name="More", exact=True).click()
    expect(grid.first).to_contain_text("126")
    page.get_by_role("radio", name="missing").check()
    expect(grid).to_have_count(1)
    expect(grid).to_contain_text(str(workbook.LACKING))
    expect(grid).to_contain_text("Required fields left empty: Certificado sanitario")
    page.get_by_role("radio", name="all kinds").check()
    page.get_by_label("Search").press_sequentially("consultar")
    expect(grid).to_have_count(25)
    page.get_by_label("Search").press("ControlOrMeta+a")
    page.get_by_label("Search").press_sequentially(str(workbook.LACKING))
    expect(grid.first).to_contain_text("Certificado sanitario")


def mend_and_upload_again(page: Page, folder: Path) -> None:
    with page.expect_download() as coming:
        page.get_by_role("link", name="Workbook to correct").click()
    coming.value.save_as(folder / "errores.xlsx")
    page.get_by_role("link", name="Upload the corrected file").click()
    expect(page.get_by_label("Proveedor")).to_have_value(PROVIDER)
    send(page, workbook.mend(folder / "errores.xlsx", folder / "corregido.xlsx"), "Load now")
    page.wait_for_url("**/jobs/*")
    expect(page.get_by_role("status")).to_contain_text("completed")


def undo(page: Page) -> None:
    load = page.url
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(lambda url: url != load)
    expect(page.get_by_role("status")).to_contain_text("completed")


def test_a_dry_run_foretells_what_the_load_then_does(visitor: Visitor, house: House, tmp_path: Path) -> None:
    page = visitor.opens("/upload")
    page.get_by_label("Proveedor").fill(PROVIDER)
    page.locator("input[type=file]").set_input_files(workbook.write(tmp_path / "wrong.xlsx"))
    page.get_by_role("button", name="Leave out").click()
    send(page, workbook.write(tmp_path / "vista.xlsx"), "Look first")
    page.wait_for_url("**/uploads/*")
    assert (figure(page, "would be new"), figure(page, "would be refused")) == ("240", "60")
    column = page.get_by_role("row").filter(has=page.locator("strong", has_text="Certificado sanitario"))
    expect(column).to_contain_text("same name")
    assert not scrolls_sideways(page)
    reason = page.get_by_text("is not a number").first.bounding_box()
    window = page.viewport_size
    assert reason and window and reason["x"] + reason["width"] <= window["width"], "it is read without scrolling"
    page.get_by_role("button", name="Load 240 rows").click()
    page.wait_for_url("**/jobs/*")
    expect(page.get_by_role("status")).to_contain_text("completed")
    assert (figure(page, "new rows"), figure(page, "rows refused")) == ("240", "60")


def test_what_a_dry_run_foretold_is_not_loaded_once_the_form_says_otherwise(
    arrive: Arrive, house: House, tmp_path: Path
) -> None:
    page = arrive().opens(rehearsed(house, tmp_path))
    load, changed = page.get_by_role("button", name="Load 240 rows"), page.get_by_text("You changed how the file is")
    expect(load).to_be_visible()
    page.get_by_label("Numbers and dates").select_option("es-CO")
    expect(changed).to_be_visible()
    expect(load).to_be_hidden()
    page.get_by_label("Numbers and dates").select_option("")
    expect(changed).to_be_hidden()
    expect(load).to_be_visible()
    page.get_by_label("Row of the headers").fill("1")
    page.get_by_label("Row of the headers").press("Enter")
    page.wait_for_url("**/uploads/*form=1*")
    expect(load).to_have_count(0)


def test_without_javascript_the_button_above_loads_as_the_form_says(
    arrive: Arrive, house: House, tmp_path: Path
) -> None:
    page = arrive(java_script_enabled=False).opens(rehearsed(house, tmp_path))
    page.get_by_label("Numbers and dates").select_option("es-CO")
    page.get_by_role("button", name="Load 240 rows").click()
    page.wait_for_url("**/jobs/*")
    id = house.ended(page.url.rsplit("/", 1)[1])
    assert house.service.client.get(f"/api/v1/uploads/{id}").json()["options"]["read"] == {"locale": "es-CO"}


def rehearsed(house: House, folder: Path) -> str:
    """The page of a file whose dry run has ended."""
    return f"/uploads/{house.ended(house.sends(workbook.write(folder / 'vista.xlsx'), dry_run='true'))}"


def test_several_files_are_sent_one_by_one_each_with_its_own_fate(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.opens("/upload")
    page.get_by_label("Proveedor").fill(PROVIDER)
    wrong = tmp_path / "foto.xlsx"
    wrong.write_bytes(b"no workbook")
    drop(page, workbook.write(tmp_path / "a.xlsx", "A"), wrong, workbook.write(tmp_path / "b.xlsx", "B"))
    page.get_by_role("button", name="Send").click()
    visitor.expected = ("415",)
    fates = page.locator("#recent tr")
    for name in ("a.xlsx", "b.xlsx"):
        expect(fates.filter(has_text=name).first).to_contain_text("240 rows would be accepted, 60 would be refused")
    expect(page.locator("#heard[role=status]")).to_have_text(re.compile(r"[ab]\.xlsx was accepted"))
    lines = page.locator("#sending li")
    expect(lines.filter(has_text="foto.xlsx").locator(".refused")).to_be_visible()
    expect(lines).to_have_count(1)
    assert page.url.endswith("/upload")


def test_a_file_whose_answer_was_lost_is_sent_again_with_what_was_changed(visitor: Visitor, tmp_path: Path) -> None:
    """Unchanged, it is the upload of the first time."""
    page, taken = visitor.opens("/upload"), list[str]()
    visitor.expected = ("ERR_FAILED",)

    def lose(route: Route) -> None:
        taken.append(route.fetch().json()["id"])
        route.abort()

    page.get_by_label("Proveedor").fill("P-1")
    drop(page, workbook.write(tmp_path / "a.xlsx", visitor.window), workbook.write(tmp_path / "b.xlsx", visitor.window))
    page.route(UPLOADS, lose)
    page.get_by_role("button", name="Send", exact=True).click()
    again = page.get_by_role("button", name="Send again")
    expect(again).to_have_count(2)
    page.unroute(UPLOADS)
    with page.expect_response(UPLOADS) as same:
        again.first.click()
    expect(again).to_have_count(1)
    page.get_by_label("Proveedor").fill("P-2")
    with page.expect_response(UPLOADS) as other:
        again.click()
    expect(again).to_have_count(0)
    assert (same.value.status, same.value.json()["id"] in taken) == (202, True)
    assert (other.value.status, other.value.json()["id"] in taken) == (202, False)


def test_a_running_load_is_cancelled(visitor: Visitor, house: House, tmp_path: Path) -> None:
    with house.held_at(workbook.MIDDLE):
        id = house.sends(workbook.write(tmp_path / "larga.xlsx"))
        page = visitor.opens(f"/jobs/{id}")
        expect(page.locator("#live progress")).to_have_attribute("value", "140")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("status")).to_contain_text("stopping")
    expect(page.get_by_role("status")).to_contain_text("cancelled")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


def test_what_failed_for_good_goes_on_once_its_cause_is_mended(visitor: Visitor, house: House, tmp_path: Path) -> None:
    with ExitStack() as lost:
        with house.paused():
            id = house.sends(workbook.write(tmp_path / f"{visitor.window}.xlsx", visitor.window))
            lost.enter_context(house.without_last_file())
        house.ended(id)
    page = visitor.opens("/dead-letters")
    page.get_by_role("link", name=f"{visitor.window}.xlsx").click()
    expect(page.get_by_role("status")).to_contain_text("failed")
    page.goto("/dead-letters")
    page.get_by_role("checkbox", name=f"{visitor.window}.xlsx").check()
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("button", name="Try 1 job again").click()
    until(lambda: house.job(id)["state"] == "completed", 30)
    page.goto("/dead-letters")
    expect(page.get_by_role("heading", name="Dead letters")).to_be_visible()
    expect(page.get_by_text(f"{visitor.window}.xlsx")).to_have_count(0)
