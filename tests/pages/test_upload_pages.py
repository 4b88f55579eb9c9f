"""The pages for files: sent by a plain form, looked at, corrected, loaded, and what became of their rows."""

import asyncio
import re
import shutil
from html import unescape
from typing import Any

import httpx
import psycopg
import pytest

from tests.jobs.workshop import until
from tests.pages.forms import forms_of
from tests.service import Service, working
from tolva.core.job import JobId
from tolva.db.pool import Database
from tolva.errors import DatabaseUnavailable, StorageUnavailable
from tolva.tables.reading.sniff import HEAD
from tolva.web.access.caller import Role
from tolva.web.access.keys import NewKey, create_key
from tolva.web.pages.shell import Shell
from tolva.web.seats import Seats
from tolva.workloads.intake import found_errors, standing
from tolva.workloads.intake import load as load_module
from tolva.workloads.intake.accept import accept

HTML = {"Accept": "text/html", "Accept-Language": "en"}
FRAGMENT = HTML | {"HX-Request": "true"}
HEADER = "codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias"
GOOD = f"{HEADER}\n001,Guantes,1.50,CS-1,3\n"
BAD = f"{GOOD}002,Gasas,x,CS-2,3\n003,,2,CS-3,y\n"
LAST_ROW = 2
"""Of GOOD, where its one chunk ends."""
ASKS = "codigo,nombre,Neto,Bruto,certificado_sanitario,tiempo_entrega_dias\n001,Guantes,1,2,CS,3\n"


def get(service: Service, address: str, headers: dict[str, str] = HTML) -> str:
    answer = service.client.get(address, headers=headers)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def post(service: Service, address: str, **fields: str) -> httpx.Response:
    return service.client.post(address, data=fields, headers=HTML)


def send(service: Service, *contents: str, **fields: str) -> httpx.Response:
    given = {"schema": "products", "constant.proveedor_id": "P1", "token": "t"} | fields
    files = [("file", (f"{n}.csv", content)) for n, content in enumerate(contents)]
    return service.client.post("/upload", data=given, files=files, headers=HTML)


def went_to(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def ended(service: Service, page: str) -> str:
    """The id of the job of a page, once it has ended."""
    id = page.rsplit("/", 1)[1]
    with working(service):
        until(lambda: job(service, id)["finished_at"], 30)
    return id


def job(service: Service, id: str) -> dict[str, Any]:
    return service.client.get(f"/api/v1/jobs/{id}").json()


def jobs(service: Service) -> int:
    return len(service.client.get("/api/v1/jobs").json()["jobs"])


def loaded(service: Service, content: str) -> str:
    return ended(service, went_to(send(service, content, look="no")))


def answering(service: Service, said: dict[str, str], content: str = ASKS) -> str:
    """The id of a load of ASKS, or another content, sent with something said, once it has ended."""
    given = {"schema": "products", "params": '{"proveedor_id": "P1"}'} | said
    sent = service.client.post("/api/v1/uploads", params=given, files={"file": ("0.csv", content)})
    assert sent.status_code == 202, sent.text
    return ended(service, f"/jobs/{sent.json()['id']}")


def rows_shown(page: str) -> list[str]:
    return re.findall(r'<tr><td class="mono" data-label="[^"]+">([^<]*)</td>', page)


def test_a_file_of_a_plain_form_is_looked_at_first_and_then_loaded_with_one_click(service: Service) -> None:
    page = went_to(send(service, BAD))
    assert page.startswith("/uploads/")
    assert 'hx-trigger="every 1s"' in get(service, f"{page}/foretold", FRAGMENT)
    id = ended(service, page)
    foretold = get(service, f"{page}/foretold", FRAGMENT)
    assert "hx-trigger" not in foretold
    assert re.findall(r"<b>(\d+)</b>", foretold) == ["1", "0", "0", "2"]
    assert get(service, page).count("Load 1 row") == 1
    real = went_to(post(service, f"/uploads/{id}/load", token="t"))
    assert went_to(post(service, f"/uploads/{id}/load", token="t")) == real, "a double click is one load"
    assert job(service, ended(service, real))["result"]["created"] == 1


def test_what_is_wrong_names_fields_by_their_titles(service: Service) -> None:
    content = BAD.replace("x,CS-2,3", "x,,3")
    page = went_to(send(service, content))
    id = ended(service, page)
    for shown in (get(service, page), get(service, f"/jobs/{id}"), get(service, f"/jobs/{id}/errors")):
        assert "Required fields left empty: Certificado sanitario" in shown
        assert "Precio: “x” is not a number" in shown
    stored = service.client.get(f"/api/v1/jobs/{id}/errors").json()["errors"]
    assert "Campos obligatorios vacíos: certificado_sanitario" in [error["message"] for error in stored]


def test_the_page_of_a_question_asks_it_once_and_the_page_of_its_job_by_the_title(service: Service) -> None:
    page = went_to(send(service, ASKS))
    id = ended(service, page)
    shown = get(service, page)
    assert "Which column is “Precio”?" in shown
    assert "Required columns are missing" not in shown
    assert "Required columns are missing: Precio (headers that are taken: " in get(service, f"/jobs/{id}")
    few = went_to(send(service, "codigo\n001\n", token="few"))
    assert "Required columns are missing: Nombre (" in get(service, few)
    bare = went_to(send(service, "001,Guantes,1.50,CS-1,3\n002,Gasas,2.50,CS-2,3\n", token="bare"))
    assert "The file has no headers" in get(service, bare)


def test_several_files_of_a_form_are_each_accepted_and_the_same_form_again_is_nothing_new(service: Service) -> None:
    contents = GOOD, GOOD.replace("001", "002")
    assert went_to(send(service, *contents)) == "/upload#recent"
    assert went_to(send(service, *contents)) == "/upload#recent"
    assert jobs(service) == 2
    assert get(service, "/upload").count("/uploads/") == 2
    assert "every 2s" in get(service, "/upload/recent", FRAGMENT), "as long as one of them moves"


def test_the_last_uploads_tell_the_fate_of_each_file(service: Service) -> None:
    assert went_to(send(service, BAD, ASKS, "x\n1\n")) == "/upload#recent"
    with working(service):
        until(lambda: "every 2s" not in get(service, "/upload/recent", FRAGMENT), 30)
    fates = re.findall(r'>(\d).csv</a>.*?<td class="wide">(.*?)</td>', get(service, "/upload"), re.DOTALL)
    told = {name: re.sub("<.*?>", "", fate).strip() for name, fate in fates}
    assert told["0"] == "1 row would be accepted, 2 would be refused"
    assert told["1"] == "Say which column is which"


def test_a_file_that_was_loaded_says_so_until_the_load_is_undone(service: Service) -> None:
    review = went_to(send(service, GOOD))
    id = ended(service, review)
    assert "loaded already" not in get(service, review)
    real = ended(service, went_to(post(service, f"/uploads/{id}/load", token="t")))
    for page in (review, f"/jobs/{id}", went_to(send(service, GOOD, token="sent again"))):
        shown = get(service, page)
        assert f'loaded already: <a href="/jobs/{real}">' in shown
        assert ("Load again" in shown, "Load 1 row" in shown) == (True, False)
    assert "a new dry run tells" in get(service, review)
    other = went_to(send(service, GOOD, token="u", **{"constant.proveedor_id": "P2"}))
    assert "loaded already" not in get(service, other), "for another supplier these are other rows"
    again = ended(service, went_to(post(service, f"/uploads/{id}/load", token="again")))
    assert [job(service, again)["result"][name] for name in ("created", "unchanged")] == [0, 1], "no row twice"
    assert f'the last time, with no change: <a href="/jobs/{again}">' in get(service, review)
    ended(service, went_to(post(service, f"/jobs/{real}/undo")))
    assert "loaded already" not in get(service, review), "the second load changed nothing, so nothing of it stands"


def test_a_file_of_which_a_part_was_loaded_says_so_until_the_whole_is(service: Service) -> None:
    review = went_to(send(service, GOOD))
    id = ended(service, review)
    first = ended(service, went_to(post(service, f"/uploads/{id}/load", token="t")))
    with service.jobs.db.transaction("default") as conn:
        conn.execute("UPDATE tolva.jobs SET state = 'cancelled', result = NULL WHERE id = %s", (first,))
    for page in (review, f"/jobs/{id}"):
        shown = get(service, page)
        assert f'until its load stopped: <a href="/jobs/{first}">' in shown and "loaded already" not in shown


@pytest.mark.parametrize("said", [{"read.header_row": "1"}, {"column.nombre": "-"}])
def test_a_file_that_was_loaded_in_another_way_is_not_called_loaded(service: Service, said: dict[str, str]) -> None:
    review = went_to(send(service, GOOD))
    id = ended(service, review)
    ended(service, went_to(post(service, f"/uploads/{id}", **said)))
    assert "loaded already" not in get(service, review)


def test_a_file_that_is_refused_is_told_by_name_and_does_not_stop_the_others(service: Service) -> None:
    answer = send(service, GOOD, "%PDF-1.7 is no table")
    assert answer.status_code == 400
    assert "<strong>1.csv</strong>" in answer.text
    refused, accepted = re.findall(
        r"<li><strong>(\d).csv</strong><br><(?:span|a) (?:class|href)=.(refused|/up)", answer.text
    )
    assert (refused, accepted) == (("1", "refused"), ("0", "/up"))
    assert jobs(service) == 1


def disk_full_after(monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    """Files are stored until so many are."""
    left = [accept] * taken

    def stored(*given: Any) -> JobId:
        if not left:
            raise StorageUnavailable("/srv/tolva is full")
        return left.pop()(*given)

    monkeypatch.setattr("tolva.workloads.intake.pages.sent.accept", stored)


def fates(page: str) -> dict[str, str]:
    return dict(re.findall(r"<li><strong>(\d).csv</strong><br>(.*?)</li>", page))


def test_a_file_that_cannot_be_stored_does_not_hide_that_those_before_it_are_kept(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    disk_full_after(monkeypatch, 1)
    answer = send(service, GOOD, BAD, "%PDF-1.7".ljust(HEAD))
    assert (answer.status_code, "retry-after" in answer.headers, jobs(service)) == (507, True, 1)
    told = fates(answer.text)
    assert 'href="/uploads/' in told["0"] and "cannot store files now" in told["1"]
    assert "cannot store files now" not in told["2"], "what is wrong with a file is told nevertheless"
    assert "/srv/tolva" not in answer.text and "/srv/tolva is full" in caplog.text


def test_where_no_file_could_be_stored_the_server_is_to_blame(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    disk_full_after(monkeypatch, 0)
    answer = send(service, GOOD)
    assert (answer.status_code, "retry-after" in answer.headers, jobs(service)) == (507, True, 0)
    assert "nothing was kept" in answer.text and "/srv/tolva is full" in caplog.text


def test_the_page_of_what_was_stopped_holds_no_other_call_up(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    disk_full_after(monkeypatch, 0)
    render = Shell.render

    def beside_the_loop(*given: Any, **context: Any) -> str:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return render(*given, **context)

    monkeypatch.setattr(Shell, "render", beside_the_loop)
    assert send(service, GOOD).status_code == 507


def test_a_database_that_goes_away_is_waited_for_once_and_what_was_taken_is_told(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def away(_: Database, tenant: str) -> Any:
        asked.append(tenant)
        raise DatabaseUnavailable("away")

    def taken(*given: Any) -> JobId:
        try:
            return accept(*given)
        finally:
            patched.setattr(Database, "transaction", away)

    with monkeypatch.context() as patched:
        patched.setattr("tolva.workloads.intake.pages.sent.accept", taken)
        answer = send(service, GOOD, BAD, BAD.replace("003", "004"))
    assert (answer.status_code, len(asked), jobs(service)) == (503, 1, 1)
    told = fates(answer.text)
    assert 'href="/uploads/' in told["0"] and "database does not answer" in told["1"] and told["1"] == told["2"]


@pytest.mark.parametrize(
    ("fields", "told"), [({"constant.proveedor_id": ""}, "proveedor_id"), ({"schema": "nope"}, "nope")]
)
def test_a_form_that_does_not_say_enough_comes_back_with_what_was_filled_in(
    service: Service, fields: dict[str, str], told: str
) -> None:
    answer = send(service, GOOD, look="no", **fields)
    assert answer.status_code == 400
    assert told in answer.text
    assert 'value="no" checked' in answer.text
    assert jobs(service) == 0


def test_a_form_without_a_file_says_so(service: Service) -> None:
    """As browsers send it: a file without a name."""
    head = "Content-Disposition: form-data; name="
    fields = {"schema": "products", "constant.proveedor_id": "P1"}
    parts = [f'--b\r\n{head}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    body = "".join([*parts, f'--b\r\n{head}"file"; filename=""\r\n\r\n\r\n--b--\r\n'])
    headers = HTML | {"Content-Type": "multipart/form-data; boundary=b"}
    answer = service.client.post("/upload", content=body, headers=headers)
    assert answer.status_code == 400
    assert "Choose a file first" in answer.text


def test_a_viewer_is_told_why_there_is_no_form_and_may_not_send(service: Service) -> None:
    with service.jobs.db.transaction("default") as conn:
        made, _ = create_key(conn, NewKey("default", "v", Role.VIEWER, "test"))
    service.client.headers["Authorization"] = f"Bearer {made.text}"
    page = get(service, "/upload")
    assert "only" in page
    assert "<form id" not in page
    assert send(service, GOOD).status_code == 403


def test_what_a_file_leaves_open_is_asked_on_top_and_the_answer_loads_it(service: Service) -> None:
    id = ended(service, went_to(send(service, ASKS)))
    page = get(service, f"/uploads/{id}")
    assert '<select name="field.precio" required' in page
    assert "A file that waits for an answer of its sender does not come here." in get(service, "/dead-letters")
    given = {"form": "1", "field.precio": "Neto", "column.Bruto": ""}
    answered = get(service, f"/uploads/{id}?{httpx.QueryParams(given)}")
    assert 'name="field.precio"' not in answered
    assert "as you chose" in answered
    real = went_to(post(service, f"/uploads/{id}", kind="load", token="t", **given))
    assert job(service, ended(service, real))["result"]["created"] == 1
    assert "as in an earlier file" in get(service, went_to(send(service, ASKS, token="u")))


def test_a_column_can_be_left_out_and_sent_to_another_field(service: Service) -> None:
    id = went_to(send(service, f"{HEADER},Nota\n001,Guantes,1,CS,3,azul\n")).rsplit("/", 1)[1]
    given = {"form": "1", "column.Nota": "descripcion", "column.nombre": "-"}
    page = get(service, f"/uploads/{id}?{httpx.QueryParams(given)}")
    assert '<select name="field.nombre" required' in page, "a required field without a column is asked"
    dry = went_to(post(service, f"/uploads/{id}", kind="dry_run", **given | {"column.nombre": ""}))
    assert dry.startswith("/uploads/"), "back to the review, which has its counts"
    assert job(service, ended(service, dry))["kind"] == "dry_run"
    reviewed = get(service, dry)
    assert "would be new" in reviewed
    assert '<option value="descripcion" selected>' in reviewed, "with what was answered"
    assert service.client.get(f"/api/v1/uploads/{dry.rsplit('/', 1)[1]}").json()["options"] == {
        "mapping": {"Nota": "descripcion"}
    }


def test_a_preview_shows_the_first_rows_as_they_would_be_stored(service: Service) -> None:
    page = get(service, went_to(send(service, BAD.replace("1.50", '"1,50"'))))
    assert '<td class="number">1.5</td>' in page
    assert "“x” is not a number" in page


def test_a_preview_shows_what_a_new_row_gets_where_the_file_says_nothing(service: Service) -> None:
    page = went_to(send(service, BAD))
    shown = get(service, page)
    assert shown.count('<td><span class="faint">USD</span></td>') == 1, "in the row that would be stored"
    assert "Moneda: USD" in shown
    said = send(service, GOOD.replace("precio,", "precio,moneda,").replace("1.50,", "1.50,EUR,"), token="u")
    assert "<td>EUR</td>" in get(service, went_to(said))
    assert service.client.get(f"/api/v1{page}/preview").json()["defaults"] == {"moneda": "USD"}


def test_a_preview_shows_dates_without_a_midnight(service: Service) -> None:
    dated = GOOD.replace("precio,", "precio,fecha_vencimiento,").replace("1.50,", "1.50,2028-01-15 00:00:00,")
    refused = dated.splitlines()[1].replace("1.50", "x")
    page = get(service, went_to(send(service, f"{dated}{refused}\n")))
    assert '<code class="sample">2028-01-15</code>' in page and page.count("<td>2028-01-15</td>") == 2
    assert "15 00:00:00" not in page


def test_errors_and_the_rows_that_they_are_in_are_counted_apart(service: Service) -> None:
    id = loaded(service, BAD)
    assert "3 errors in 2 rows." in get(service, f"/jobs/{id}")
    assert "3 errors in 2 rows." in get(service, f"/jobs/{id}/errors")


def test_columns_of_one_name_are_told_apart_by_their_letters(service: Service) -> None:
    twice = "codigo,nombre,precio,precio,certificado_sanitario,tiempo_entrega_dias,Nota\n001,G,x,2,CS,3,n\n"
    id = ended(service, went_to(send(service, twice)))
    asked = get(service, f"/uploads/{id}")
    assert '<option value="@3">precio (column C)' in asked
    assert "<strong>precio (column D)</strong>" in asked
    real = went_to(post(service, f"/uploads/{id}", kind="load", **{"form": "1", "field.precio": "@3"}))
    page = get(service, f"/jobs/{ended(service, real)}")
    assert page.count("precio (column C)") == 3, "in the error, in its filter, and where it went"
    assert "5 columns taken, 2 left out" in page
    fed = [
        re.sub(r"\s*<.*?>\s*", "|", row) for row in re.findall(r"<tr>(<td class=.wide long.><strong>.*?)</tr>", page)
    ]
    assert "||precio (column C)||Precio||as you chose|" in [row.replace("|||", "||") for row in fed]


def test_a_field_that_two_columns_claim_is_open_until_it_is_answered(service: Service) -> None:
    page = went_to(send(service, ASKS.replace("Neto,Bruto", "Precio,Precio unitario").replace("1,2", "1,7")))
    asked = get(service, page)
    assert asked.count("one of several for Precio: choose above") == 2
    assert '<option value="">?</option>' in asked
    assert '<span class="faint">to be answered</span>' in asked
    assert "precio" not in service.client.get(f"/api/v1{page}/preview").json()["rows"][0]["values"]
    given = {"form": "1", "field.precio": "Precio unitario"}
    answered = get(service, f"{page}?{httpx.QueryParams(given)}")
    assert "another column was chosen for Precio" in answered
    assert "to be answered" not in answered
    assert '<td class="number">7</td>' in answered


def test_what_was_found_of_a_file_is_told_once_with_the_way_to_say_it_otherwise(service: Service) -> None:
    sent = f"{HEADER},fecha_vencimiento\n001,Guantes,1.234,CS-1,3,03/04/2027\n002,Gasas,1,CS-1,3,\n"
    id = loaded(service, sent)
    page = get(service, f"/jobs/{id}")
    assert page.count("“precio”, “fecha_vencimiento” can be read in two ways") == 1, "for both columns"
    assert f'<p><a href="/uploads/{id}">See how the file is read' in page


def test_a_remark_that_the_message_of_a_failure_has_is_not_told_twice(service: Service) -> None:
    id = service.client.post(
        "/api/v1/uploads",
        params={"params": '{"proveedor_id": "P1"}', "read": '{"sheet": "2"}'},
        files={"file": ("a.csv", "codigo,nombre\n001,Guantes\n")},
    ).json()["id"]
    page = get(service, f"/jobs/{ended(service, f'/jobs/{id}')}")
    assert "CSV files have no use for the sheet" in page
    assert '<p class="note">' not in page


def test_a_locale_is_told_in_words_and_an_unusual_one_is_kept(service: Service) -> None:
    id = service.client.post(
        "/api/v1/uploads?dry_run=true",
        params={"params": '{"proveedor_id": "P1"}', "read": '{"locale": "pt-BR"}'},
        files={"file": ("a.csv", GOOD)},
    ).json()["id"]
    page = get(service, f"/uploads/{id}")
    assert "1.234,56 and 31/12/2026, as in Colombia</option>" in page
    assert '<option value="pt-BR" selected>' in page


def test_what_is_remembered_of_numbers_can_be_left_out_on_the_preview(service: Service) -> None:
    rows = GOOD.replace("1.50", "1.234")
    loaded(service, rows)
    page = went_to(send(service, rows))
    assert "as the columns show</option>" in get(service, page)
    ended(service, went_to(post(service, page, kind="load", token="said", **{"read.locale": "es-CO"})))
    page = went_to(send(service, rows, token="again"))
    seen = get(service, page)
    assert '<option value="">as in an earlier file: 1.234,56' in seen
    assert '<option value="-">as the columns show</option>' in seen
    seen = get(service, f"{page}?form=1&read.locale=-")
    assert '<option value="-" selected>as the columns show</option>' in seen
    assert "is ambiguous" in seen
    id = ended(service, went_to(post(service, page, kind="load", token="t2", **{"read.locale": "-"})))
    assert job(service, id)["result"]["rejected"] == 1


def test_how_a_file_is_read_can_be_changed_and_a_reading_that_fails_still_shows_the_form(service: Service) -> None:
    page = went_to(send(service, f"Lista\n{GOOD}"))
    assert "as found: 2" in get(service, page)
    wrong = get(service, f"{page}?form=1&read.header_row=900")
    assert 'role="alert"' in wrong
    assert 'name="read.header_row"' in wrong


@pytest.mark.parametrize("row", ["-1", "x", "9" * 8, "9" * 5000])
def test_a_row_of_headers_that_no_file_has_is_a_wrong_call(service: Service, row: str) -> None:
    page = went_to(send(service, GOOD))
    assert service.client.get(page, params={"form": "1", "read.header_row": row}, headers=HTML).status_code == 400


@pytest.mark.parametrize("place", [{"after_n": -5}, {"after_n": 2**63 - 1}, {"after_chunk": 2**63}], ids=str)
@pytest.mark.parametrize("address", ["/jobs/{id}/changes", "/api/v1/jobs/{id}/changes"])
def test_a_place_among_the_changes_that_there_cannot_be_is_a_wrong_call(
    service: Service, place: dict[str, int], address: str
) -> None:
    id = loaded(service, GOOD)
    given = {"after_chunk": LAST_ROW} | place
    assert service.client.get(address.format(id=id), params=given, headers=HTML).status_code == 422


@pytest.mark.parametrize("address", ["/jobs/{id}/errors", "/api/v1/jobs/{id}/errors"])
def test_a_place_among_the_errors_that_there_cannot_be_is_a_wrong_call(service: Service, address: str) -> None:
    address = address.format(id=loaded(service, BAD))
    for place in ({"after_n": 2**31}, {"after_row": 2**63}, {"after_n": -2}):
        assert service.client.get(address, params=place, headers=HTML).status_code == 422, place


def test_a_preview_for_which_there_is_no_seat_comes_again_by_itself(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = went_to(send(service, GOOD))
    monkeypatch.setattr(Seats, "taken", Seats(0).taken)
    answer = service.client.get(page, headers=HTML)
    assert (answer.status_code, answer.headers["refresh"]) == (503, "2")
    assert 'role="status"' in answer.text
    call = service.client.get(f"/api/v1{page}/preview")
    assert (call.status_code, call.headers["retry-after"]) == (503, "5")
    assert call.json()["type"].endswith("busy")


def test_a_preview_that_cannot_store_anything_says_so_and_does_not_ask_again_and_again(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    page = went_to(send(service, GOOD))
    shutil.rmtree(service.settings.data_dir / "files" / "incoming")
    answer = service.client.get(page, headers=HTML)
    assert (answer.status_code, answer.headers.get("refresh")) == (507, None)
    assert "cannot store files now" in answer.text and "being looked at" not in answer.text
    assert "The data folder does not answer" in caplog.text


def test_the_page_of_a_load_shows_its_counts_its_errors_and_the_ways_on(service: Service) -> None:
    id = loaded(service, BAD)
    page = get(service, f"/jobs/{id}")
    assert re.findall(r"<b>(\d+)</b>", page) == ["3", "1", "2", "1", "0", "0"]
    assert rows_shown(page) == ["3", "4", "4"]
    assert f'action="/jobs/{id}/undo"' in page
    assert f"/api/v1/jobs/{id}/errors?format=xlsx" in page
    assert "/upload?schema=products&constant.proveedor_id=P1" in page
    assert "new row" in get(service, f"/jobs/{id}/changes")


def test_rows_that_repeat_a_key_are_counted_and_the_count_leads_to_which_row_overwrites_which(service: Service) -> None:
    review = went_to(send(service, f"{GOOD}002,Gasas,2,CS-2,3\n001,Vendas,2,CS-1,3\n"))
    id = ended(service, review)
    for page in (get(service, f"/jobs/{id}"), get(service, f"{review}/foretold", FRAGMENT)):
        assert f'<a class="figure warn" href="/jobs/{id}/repeats"><b>1</b>' in page
    page = get(service, f"/jobs/{id}/repeats")
    assert re.findall(r'<td class="mono" data-label="([^"]+)">([^<]*)</td>', page) == [
        ("Key", "001"),
        ("Row", "4"),
        ("Overwrites row", "2"),
    ]
    assert "the last row of a key stands" in page
    assert "Told are those" not in page


def test_stored_numbers_have_the_readers_decimal_mark_and_no_zeros_behind(service: Service) -> None:
    spanish = HTML | {"Accept-Language": "es"}
    review = went_to(send(service, GOOD.replace("1.50", "1250.50")))
    ended(service, review)
    assert '<td class="number">1250,5</td>' in get(service, review, spanish)
    loaded(service, GOOD)
    id = loaded(service, GOOD.replace("1.50", "1250.50"))
    assert "<del>1,5</del> → <ins>1250,5</ins>" in get(service, f"/jobs/{id}/changes", spanish)


def test_a_field_that_the_schema_has_no_more_is_shown_among_the_changes_all_the_same(
    service: Service, admin: psycopg.Connection
) -> None:
    loaded(service, GOOD)
    id = loaded(service, GOOD.replace("1.50", "2.50"))
    admin.execute("UPDATE tolva.load_ledger SET fields = array_replace(fields, 'precio', 'gone')")
    assert "<strong>gone</strong>: <del>1.5000</del> → <ins>2.5000</ins>" in get(service, f"/jobs/{id}/changes")


def test_a_job_without_a_file_has_no_page_of_repeated_rows(service: Service, admin: psycopg.Connection) -> None:
    undo = ended(service, went_to(post(service, f"/jobs/{loaded(service, GOOD)}/undo")))
    admin.execute("UPDATE tolva.jobs SET result = '[1]' WHERE id = %s", (undo,))
    assert service.client.get(f"/jobs/{undo}/repeats", headers=HTML).status_code == 404


def test_a_repeated_row_that_was_refused_overwrites_nothing(service: Service) -> None:
    id = loaded(service, f"{GOOD}001,Vendas,x,CS-1,3\n")
    page = get(service, f"/jobs/{id}/repeats")
    assert "No accepted row repeats another." in page
    assert "1 row repeats a key" in page


def test_the_csv_of_errors_is_the_one_that_excel_opens_in_the_readers_language(service: Service) -> None:
    id = loaded(service, f"{HEADER}\n001,Guantes,-3,CS-1,3\n")
    first = {}
    for language in ("en", "es", "pt", "es-CO,es", "es-MX,es;q=0.9,en"):
        page = get(service, f"/jobs/{id}", HTML | {"Accept-Language": language})
        [link] = re.findall(r'href="([^"]*format=csv[^"]*)"', page)
        first[language] = service.client.get(link).content.decode("utf-8-sig").splitlines()[1][:14]
    comma, semicolon = "2,precio,-3,mi", "2;precio;-3;mi"
    assert first == {
        **{"en": comma, "es": semicolon, "pt": semicolon},
        **{"es-CO,es": semicolon, "es-MX,es;q=0.9,en": comma},
    }


def test_errors_are_narrowed_by_code_column_and_text_for_the_page_and_for_its_script(service: Service) -> None:
    id = loaded(service, BAD)
    assert rows_shown(get(service, f"/jobs/{id}/errors?code=required")) == ["4"]
    assert rows_shown(get(service, f"/jobs/{id}/errors?column=precio")) == ["3"]
    fragment = get(service, f"/jobs/{id}/errors?search=NO ES UN NÚMERO ENTERO", FRAGMENT)
    assert rows_shown(fragment) == ["4"]
    assert "<html" not in fragment
    assert "No such errors" in get(service, f"/jobs/{id}/errors?search=nothing", FRAGMENT)


def test_a_load_is_undone_from_its_page_and_what_was_left_alone_is_told(
    service: Service, admin: psycopg.Connection
) -> None:
    id = loaded(service, GOOD.replace("\n001", "\n002,Gasas,2,C,1\n001"))
    admin.execute("UPDATE products SET precio = 9 WHERE codigo = '001'")
    page = get(service, f"/jobs/{ended(service, went_to(post(service, f'/jobs/{id}/undo')))}")
    assert "What was left alone" in page
    assert rows_shown(page)[0] == "001"
    assert "left alone: changed since" in page
    assert f'href="/jobs/{id}"' in page


def test_an_undone_load_leads_to_the_whole_file_and_to_what_stands_without_it(service: Service) -> None:
    id = loaded(service, BAD)
    later = loaded(service, GOOD.replace("001", "002"))
    loaded(service, "x\n1\n")
    assert "What was loaded later stays: 0.csv." in get(service, f"/jobs/{id}")
    undo = ended(service, went_to(post(service, f"/jobs/{id}/undo")))
    page = get(service, f"/jobs/{id}")
    assert f'href="/jobs/{undo}">See the undo' in page
    assert "load the whole file" in page and "Upload the corrected file" not in page
    assert re.search(r'class="button" href="[^"]*format=xlsx"', page), "no more the first thing to do"
    for shown in (page, get(service, f"/jobs/{undo}")):
        assert re.findall(r'<a href="/jobs/([^"]+)">0.csv', shown.split("Loads that came after it")[1]) == [later]
    [fate] = re.findall(f'id="upload-{id}">.*?</tr>', get(service, "/upload"), re.DOTALL)
    assert "undone" in fate and "accepted" not in fate
    ended(service, went_to(post(service, f"/jobs/{later}/undo")))
    assert "Loads that came after it" not in get(service, f"/jobs/{id}")


def test_an_open_question_is_no_failure_and_is_answered_rather_than_tried_again(service: Service) -> None:
    id = loaded(service, ASKS)
    page = get(service, f"/jobs/{id}")
    assert "Try again" not in page, "it would answer nothing"
    assert 'class="button main" href="/uploads/' in page and "left a question open" in page
    for shown in (page, get(service, "/jobs"), get(service, "/upload"), get(service, "/")):
        assert '<span class="state waiting">waits for your answer</span>' in shown
    assert (job(service, id)["state"], "state failed" in page) == ("failed", False)
    home = get(service, "/")
    assert "1 of them waits for an answer" in home and 'class="figure bad"' not in home


def test_a_question_that_was_answered_waits_no_more_and_leads_to_the_job_that_has_the_answer(service: Service) -> None:
    id = loaded(service, ASKS)
    before = service.client.get(f"/api/v1/uploads/{id}").headers["ETag"]
    given = {"form": "1", "field.precio": "Neto", "column.Bruto": ""}
    real = ended(service, went_to(post(service, f"/uploads/{id}", kind="load", token="t", **given)))
    page, home = get(service, f"/jobs/{id}"), get(service, "/")
    for shown in (page, home, get(service, "/jobs"), get(service, "/upload")):
        assert f'<a class="state" href="/jobs/{real}">answered</a>' in shown
        assert '<span class="state waiting">' not in shown and "Say which column is which" not in shown
    assert "The question that it left open was answered." in page and "waits for an answer" not in home
    told = service.client.get(f"/api/v1/uploads/{id}", headers={"If-None-Match": before})
    assert (told.status_code, told.json()["error"]["answered_by"]) == (200, real)


def test_an_answer_that_comes_with_the_file_itself_answers_those_that_wait_for_the_same_rows(service: Service) -> None:
    ids = [loaded(service, ASKS), ended(service, went_to(send(service, ASKS, look="no", token="2")))]
    other = ended(service, went_to(send(service, ASKS, look="no", token="3", **{"constant.proveedor_id": "P2"})))
    sent = answering(service, {"mapping": '{"Neto": "precio"}'})
    errors = [job(service, each)["error"] for each in (*ids, other)]
    assert [error.get("answered_by") for error in errors] == [sent] * 2 + [None]


def test_a_file_that_is_sent_again_unchanged_has_the_answer_that_another_file_taught(service: Service) -> None:
    id = loaded(service, ASKS)
    answering(service, {"mapping": '{"Neto": "precio"}'}, ASKS.replace("001", "002"))
    assert "answered_by" not in job(service, id)["error"]
    again = answering(service, {})
    assert job(service, id)["error"]["answered_by"] == again


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({}, id="asks the same"),
        pytest.param({"mapping": '{"Neto": "nombre"}'}, id="asks again"),
        pytest.param({"mapping": '{"Neto": "precio"}', "dry_run": "true"}, id="loads nothing"),
        pytest.param({"read": '{"header_row": 9}', "mapping": '{"Neto": "precio"}'}, id="cannot be read"),
    ],
)
def test_a_job_that_answers_no_question_is_not_called_its_answer(service: Service, said: dict[str, str]) -> None:
    id = loaded(service, ASKS)
    answering(service, said)
    assert "answered_by" not in job(service, id)["error"]
    assert '<span class="state waiting">waits for your answer</span>' in get(service, f"/jobs/{id}")
    answered = answering(service, {"mapping": '{"Neto": "precio"}'})
    assert job(service, id)["error"]["answered_by"] == answered


def test_an_answer_that_is_there_before_the_question_is_known_when_it_is_asked(
    service: Service, admin: psycopg.Connection
) -> None:
    early = went_to(send(service, ASKS, look="no")).rsplit("/", 1)[1]
    admin.execute("UPDATE tolva.jobs SET run_at = now() + interval '1 hour' WHERE id = %s", (early,))
    answered = answering(service, {"mapping": '{"Neto": "precio"}'})
    assert job(service, early)["state"] == "queued"
    admin.execute("UPDATE tolva.jobs SET run_at = now() WHERE id = %s", (early,))
    admin.execute("DELETE FROM tolva.mappings")  # what was said of the column answers it by itself
    ended(service, f"/jobs/{early}")
    assert job(service, early)["error"]["answered_by"] == answered
    assert f'<a class="state" href="/jobs/{answered}">answered</a>' in get(service, f"/jobs/{early}")


def test_a_load_that_cannot_be_told_from_later_ones_is_not_said_to_leave_the_table_as_it_was(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, later = loaded(service, GOOD), loaded(service, GOOD.replace("001", "002"))
    ended(service, went_to(send(service, GOOD, look="no", **{"constant.proveedor_id": "P2"})))
    monkeypatch.setattr(standing, "LOOKED", 1)
    assert "What was loaded later stays." in get(service, f"/jobs/{id}")
    ended(service, went_to(post(service, f"/jobs/{id}/undo")))
    page = get(service, f"/jobs/{id}")
    assert "What later loads brought stays." in page and "as it was before" not in page
    monkeypatch.undo()
    assert f'<a href="/jobs/{later}">0.csv' in get(service, f"/jobs/{id}").split("Loads that came after it")[1]


def test_a_corrected_file_is_uploaded_where_the_load_that_it_corrects_is_named(service: Service) -> None:
    id = loaded(service, BAD)
    [address] = re.findall(r'href="(/upload\?[^"]*)">Upload the corrected file', get(service, f"/jobs/{id}"))
    assert f'Correction of <a href="/jobs/{id}">0.csv · P1</a>' in get(service, address)
    assert f'name="corrects" value="{id}"' in get(service, address), "it is kept when the form comes back"
    for other in ("x", "0" * 32):
        assert "Correction of" not in get(service, f"/upload?corrects={other}")
    correction = ended(service, went_to(send(service, GOOD, look="no", corrects=id)))
    assert f'Correction of <a href="/jobs/{id}">0.csv · P1</a>' in get(service, f"/jobs/{correction}")


def test_lists_and_pages_tell_whose_file_it_is(service: Service) -> None:
    id = loaded(service, GOOD)
    undo = ended(service, went_to(post(service, f"/jobs/{id}/undo")))
    for shown in ("/jobs", "/", f"/jobs/{id}", f"/jobs/{undo}", "/jobs?search=P1"):
        assert "0.csv · P1" in get(service, shown)
    assert re.search(r"loaded: [^<]* · P1 · ", get(service, "/upload"))
    assert "<dd>P1</dd>" in get(service, f"/jobs/{id}")


def test_a_load_that_was_undone_says_so_on_its_page_and_in_lists(service: Service) -> None:
    id = loaded(service, GOOD)
    undo = ended(service, went_to(post(service, f"/jobs/{id}/undo")))
    state = f'<a class="state" href="/jobs/{undo}">undone</a>'
    for page in (f"/jobs/{id}", "/jobs", "/"):
        assert get(service, page).count(state) == 1
    timeline = get(service, f"/jobs/{id}").partition("What happened")[2]
    assert re.search(rf'undone</strong>.*\s.*\s+<br><a href="/jobs/{undo}">See the undo', timeline)


def test_a_load_that_was_cancelled_half_way_says_what_it_left_and_what_can_be_done(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunks: list[object] = []

    def cancelled_under_way(conn: object, _schema: object) -> None:
        chunks.append(conn)
        if len(chunks) == 4:
            id = service.client.get("/api/v1/jobs").json()["jobs"][0]["id"]
            assert service.client.post(f"/api/v1/jobs/{id}/cancel").status_code == 202

    monkeypatch.setattr(load_module, "hold_target", cancelled_under_way)
    rows = "\n".join(f"{n:03},Guantes,1,CS,1" for n in range(100))
    id = loaded(service, f"{HEADER}\n{rows}\n")
    page = get(service, f"/jobs/{id}")
    assert job(service, id)["state"] == "cancelled"
    written = job(service, id)["progress"]["successful"]
    assert 0 < written < 100
    assert f"<b>{written}</b><span>new rows</span>" in page
    left = "What it had loaded stays in the table"
    assert left in page
    assert {f"/jobs/{id}/retry", f"/jobs/{id}/undo"} <= {form.action for form in forms_of(page)}
    ended(service, went_to(post(service, f"/jobs/{id}/undo")))
    page = get(service, f"/jobs/{id}")
    assert left not in page
    assert "It was undone" in page
    assert f'action="/jobs/{id}/retry"' not in page, "it could only fail"


def test_lists_and_timeline_call_fields_by_their_titles(service: Service) -> None:
    id = loaded(service, "codigo,nombre,precio,tiempo_entrega_dias\n001,Guantes,1,3\n")
    assert "certificado_sanitario" in job(service, id)["error"]["message"]
    for page in (f"/jobs/{id}", "/jobs"):
        shown = get(service, page)
        assert "Certificado sanitario" in shown.partition('<details class="card" id="engineers">')[0]
        assert "certificado_sanitario" not in re.sub(r"<pre.*?</pre>", "", shown, flags=re.DOTALL)


def test_a_load_that_wrote_nothing_offers_no_undo(service: Service) -> None:
    id = loaded(service, f"{HEADER}\n1,,,,\n")
    assert "/undo" not in get(service, f"/jobs/{id}")


def test_the_api_lists_uploads_page_by_page(service: Service) -> None:
    ids = [went_to(send(service, GOOD.replace("001", f"{n}"))).rsplit("/", 1)[1] for n in range(3)]
    first = service.client.get("/api/v1/uploads", params={"limit": 2}).json()
    rest = service.client.get("/api/v1/uploads", params={"before": first["next"]}).json()
    assert [each["id"] for each in (*first["uploads"], *rest["uploads"])] == ids[::-1]
    assert rest["next"] is None


def test_the_api_narrows_errors_and_counts_them(service: Service) -> None:
    id = loaded(service, BAD)
    found = service.client.get(f"/api/v1/jobs/{id}/errors", params={"column": "precio", "code": "type"}).json()
    assert ([each["row"] for each in found["errors"]], found["next"]) == ([3], None)
    summary = service.client.get(f"/api/v1/jobs/{id}/errors/summary").json()
    assert (summary["total"], summary["capped"]) == (3, False)
    assert {(each["column"], each["code"]): each["errors"] for each in summary["groups"]} == {
        ("precio", "type"): 1,
        ("nombre", "required"): 1,
        ("tiempo_entrega_dias", "type"): 1,
    }
    assert service.client.get(f"/api/v1/jobs/{'0' * 8}-0000-7000-8000-{'0' * 12}/errors/summary").status_code == 404


def test_a_search_among_too_many_errors_goes_on_where_it_stopped(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found_errors, "LOOKED", 10)
    monkeypatch.setattr(found_errors, "COUNTED", 10)
    rows = "".join(f"{n:03},N,{'rare' if n == 24 else 'x'},C,1\n" for n in range(25))
    id = loaded(service, f"{HEADER}\n{rows}")
    assert service.client.get(f"/api/v1/jobs/{id}/errors/summary").json()["capped"]
    found, after = list[int](), dict[str, int]()
    for _ in range(3):
        page = service.client.get(f"/api/v1/jobs/{id}/errors", params={"search": "rare", **after}).json()
        found, after = found + [each["row"] for each in page["errors"]], page["next"] or {}
    assert (found, after) == ([26], {})
    assert "Nothing up to row 11" in get(service, f"/jobs/{id}/errors?search=rare", FRAGMENT)
