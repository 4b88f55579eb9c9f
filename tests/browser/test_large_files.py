"""Files that are so large, or lines so bad, that an upload is not done in one go."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect
from psycopg.conninfo import conninfo_to_dict

from tests.browser.conftest import Arrive
from tests.browser.house import PROVIDER, House
from tests.browser.visitor import PHONE, Visitor, scrolls_sideways
from tests.chaos.proxy import run_proxy
from tests.jobs.workshop import until
from tolva.web.access.caller import Role
from tolva.web.access.keys import NewKey, create_key

ROWS = 3000
HEADERS = "codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias,notas"
RESUMABLE = re.compile(r"/api/v1/resumable-uploads")
LOST = ("ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET", "ERR_CONNECTION_CLOSED", "ERR_SOCKET_NOT_CONNECTED")
NEVER = b"what no request of the test has in it"
NO_LIMIT = -1
QUICK = 2_000_000
SLOW = 300_000
"""Bytes a second."""


@pytest.fixture(scope="module")
def operator(house: House) -> str:
    """The key of somebody who may upload: the page has no more than the login that it gives."""
    with house.service.jobs.db.transaction("default") as conn:
        made, _ = create_key(conn, NewKey("default", "bodega", Role.OPERATOR, "test"))
    return made.text


@pytest.fixture
def enter(arrive: Arrive, operator: str) -> Callable[..., Visitor]:
    """Makes visitors who are logged in."""

    def enters(**options: object) -> Visitor:
        visitor = arrive(**options)
        log_in(visitor, operator)
        return visitor

    return enters


def log_in(visitor: Visitor, key: str) -> None:
    visitor.context.request.post("/login", form={"key": key}, headers={"Origin": visitor.url})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """12 MB of products."""
    path = tmp_path / "lista de precios.csv"
    notes = "x" * 4000
    path.write_text("\n".join([HEADERS, *(f"G{n:05},Guante,1.5,CS,3,{notes}" for n in range(ROWS))]))
    return path


def narrow(page: Page, upload: int) -> None:
    """The page can send so many bytes a second from now on."""
    limits = {"offline": False, "latency": 0, "downloadThroughput": NO_LIMIT, "uploadThroughput": upload}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", limits)


def send(page: Page, file: Path) -> None:
    page.get_by_label("Proveedor").fill(PROVIDER)
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name=re.compile("^(Send|Enviar)$")).click()


def in_the_middle(row: Locator) -> None:
    expect(row).to_contain_text(re.compile(r"\b[3-6]\d %|\b[3-6]\d%"))


def is_busy(route: Route) -> None:
    """What a proxy says while the server behind it starts."""
    route.fulfill(status=503)


def offsets(page: Page) -> list[int]:
    """Where each piece that is sent from now on begins."""
    found: list[int] = []

    def see(request: Request) -> None:
        if request.method == "PATCH":
            found.append(int(request.headers["upload-offset"]))

    page.on("request", see)
    return found


def stored(page: Page) -> bytes:
    """The file of the upload that the page shows."""
    return page.request.get(f"/api/v1/uploads/{page.url.rpartition('/')[2]}/file").body()


def test_an_upload_goes_on_by_itself_where_the_line_broke(
    browser: Browser, house: House, operator: str, file: Path
) -> None:
    there = urlsplit(house.url)
    with run_proxy(f"host={there.hostname} port={there.port}", lose_answer_to=NEVER) as line:
        visitor = Visitor.arrives(browser, f"http://127.0.0.1:{conninfo_to_dict(line.dsn)['port']}")
        visitor.expected = (*LOST, "503")
        log_in(visitor, operator)
        page = visitor.opens("/upload")
        begun = offsets(page)
        narrow(page, QUICK)
        send(page, file)
        row = page.locator("#sending li")
        in_the_middle(row)
        line.cut()
        expect(row).to_contain_text("Connection lost; trying again…")
        page.route(RESUMABLE, is_busy, times=1)
        line.mend()
        page.wait_for_url("**/uploads/*")
        assert (begun[0], len(begun)) == (0, 2)
        assert begun[1] > len(file.read_bytes()) // 5
        assert stored(page) == file.read_bytes()
        expect(page.get_by_text("would be new")).to_be_visible()
        visitor.leaves()


@pytest.fixture(autouse=True)
def nothing_under_way(admin: psycopg.Connection) -> None:
    admin.execute("DELETE FROM tolva.resumable_uploads")


def test_after_a_reload_the_page_tells_what_stopped_and_the_same_file_goes_on(
    enter: Callable[..., Visitor], admin: psycopg.Connection, file: Path
) -> None:
    page = enter(locale="es-CO").opens("/upload")
    narrow(page, QUICK)
    send(page, file)
    in_the_middle(page.locator("#sending li"))
    page.reload()
    left = page.locator("#left li")
    expect(left).to_contain_text(re.compile(r"lista de precios\.csv 12,1 MB quedó a medias"))
    until(lambda: under_way(admin)[0] > 0, 10)
    begun = offsets(page)
    send(page, file)
    expect(left).to_have_count(0)
    page.wait_for_url("**/uploads/*")
    assert begun
    assert begun[0] > len(file.read_bytes()) // 5
    assert stored(page) == file.read_bytes()
    page.goto("/upload")
    expect(page.locator("#sending")).to_be_attached()
    expect(left).to_have_count(0)


def test_a_cancelled_upload_leaves_nothing(
    enter: Callable[..., Visitor], house: House, admin: psycopg.Connection, file: Path
) -> None:
    page = enter(viewport=PHONE).opens("/upload")
    narrow(page, SLOW)
    before = stored_files(house)
    send(page, file)
    row = page.locator("#sending li")
    expect(row).to_contain_text("is being sent…")
    expect(row).to_contain_text(re.compile(r"\b[1-9]%"))
    assert not scrolls_sideways(page)
    with page.expect_response(RESUMABLE) as deleted:
        row.get_by_role("button", name="Cancel").click()
    expect(row).to_have_count(0)
    assert (deleted.value.request.method, deleted.value.status) == ("DELETE", 204)
    assert under_way(admin) == []
    until(lambda: stored_files(house) == before, 10)


def under_way(admin: psycopg.Connection) -> list[int]:
    """Bytes that are there of each upload that has not come to its end."""
    return [row[0] for row in admin.execute('SELECT "offset" FROM tolva.resumable_uploads WHERE job_id IS NULL')]


def stored_files(house: House) -> list[Path]:
    return sorted(path for path in house.service.settings.data_dir.rglob("*") if path.is_file())


def test_what_the_server_refuses_is_said_in_the_words_of_the_reader(
    enter: Callable[..., Visitor], tmp_path: Path
) -> None:
    visitor = enter(locale="es-CO")
    visitor.expected = ("415",)
    page, photo = visitor.opens("/upload"), tmp_path / "foto.xlsx"
    photo.write_bytes(b"\x89PNG" + bytes(6_000_000))
    send(page, photo)
    refused = page.locator("#sending li .refused")
    expect(refused).to_contain_text("El archivo se llama .xlsx, pero su contenido no lo es.")
    expect(page.get_by_role("button", name="Enviar de nuevo")).to_be_visible()
