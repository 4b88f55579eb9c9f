"""The uniform calls: upload, dry run, preview and mapping, errors as a workbook, changes, undo."""

import io
import json
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from uuid import UUID

import fastexcel
import httpx
import polars as pl
import psycopg
import pytest
import xlsxwriter

from tests.jobs.workshop import together, until
from tests.service import Service, working
from tolva.core.job import NewJob
from tolva.errors import InvalidInput, TryLater
from tolva.jobs.listing import JobFilter, list_jobs
from tolva.tables.schema import Schema
from tolva.web.arriving import UPLOAD_THREADS
from tolva.workloads.intake import READERS, preview, uploads_api
from tolva.workloads.intake import load as load_module
from tolva.workloads.intake.messages import WAITING

HEADER = "codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias"
GOOD = "001,Guantes,1.50,CS-1,3"
AS_PRICE = json.dumps({"Precio (COP)": "precio"})
SUPPLIER = json.dumps({"proveedor_id": "P1"})


def upload(service: Service, content: str | bytes, name: str = "a.csv", **params: Any) -> httpx.Response:
    given = {"params": SUPPLIER} | params
    return service.client.post("/api/v1/uploads", params=given, files={"file": (name, content)})


def ended(service: Service, answer: httpx.Response) -> dict[str, Any]:
    """The upload once its job has ended, whoever works on it."""
    assert answer.status_code == 202, answer.text
    with working(service):
        return until(lambda: _if_ended(service, answer), 30)


def _if_ended(service: Service, answer: httpx.Response) -> dict[str, Any] | None:
    view = service.client.get(answer.json()["status_url"]).json()
    return view if view["state"] in ("completed", "failed", "cancelled") else None


def products(service: Service) -> list[tuple[Any, ...]]:
    with service.jobs.db.transaction("default") as conn:
        rows = conn.execute("SELECT codigo, nombre, precio FROM products ORDER BY codigo").fetchall()
    return [tuple(str(value) for value in row.values()) for row in rows]


def test_a_file_of_any_kind_is_loaded_and_told_how_it_was_read(service: Service) -> None:
    view = ended(
        service, upload(service, f"Lista 2026\n\n{HEADER}\n{GOOD}\n".replace(",", ";").encode("utf-16"), "a.txt")
    )
    assert view["state"] == "completed"
    assert view["result"]["created"] == 1
    assert view["progress"]["read"]["encoding"] == "utf-16-le"
    assert view["progress"]["read"]["header_rows"] == [3]
    assert products(service) == [("001", "Guantes", "1.5000")]
    record = {**dict(zip(HEADER.split(","), GOOD.split(","), strict=True)), "precio": 2.5}
    view = ended(service, upload(service, json.dumps(record), "a.jsonl"))
    assert view["result"]["updated"] == 1
    assert products(service) == [("001", "Guantes", "2.5000")]


def test_more_uploads_at_once_than_there_are_threads_for_them_all_get_in(service: Service) -> None:
    """Each is long enough to be written in several pieces."""
    count, filling = 3 * int(UPLOAD_THREADS.total_tokens), f"{'x' * 99}\n" * 8_000

    def send(number: int) -> httpx.Response:
        return upload(service, f"{HEADER}\n{number:03},{filling}", f"{number}.csv")

    answers = together(*(partial(send, number) for number in range(count)))
    assert [answer.status_code for answer in answers] == [202] * count
    assert len({answer.json()["id"] for answer in answers}) == count
    kept = {service.client.get(answer.json()["status_url"]).json()["blake3"] for answer in answers}
    assert len(kept) == count


def test_a_dry_run_writes_nothing_and_its_file_can_then_be_loaded(service: Service) -> None:
    content = f"{HEADER}\n{GOOD}\n002,Gasas,2,CS,x\n001,Guantes L,1.50,CS-1,3\n"
    dry = ended(service, upload(service, content, dry_run="true"))
    assert products(service) == []
    foretold = service.client.get(f"/api/v1/jobs/{dry['id']}/changes").json()
    real = ended(service, service.client.post(f"/api/v1/uploads/{dry['id']}/load", json={}))
    assert products(service) == [("001", "Guantes L", "1.5000")]
    assert real["result"] | {"dry_run": True} == dry["result"]
    assert service.client.get(f"/api/v1/jobs/{real['id']}/changes").json() == foretold
    assert foretold == {"changes": [{"key": "001", "kind": "created", "row": None, "fields": {}}], "next": None}


def test_a_load_names_the_rows_that_overwrite_others_across_chunks_too_and_again_when_it_is_repeated(
    service: Service,
) -> None:
    rows = [f"{n:03},N{n},1,C,1" for n in range(12)]
    content = "\n".join([HEADER, *rows, "003,Other,1,C,1", "003,Bad,x,C,1", "003,Last,1,C,1", ""])
    for _ in range(2):
        result = ended(service, upload(service, content))["result"]
        assert result["repeats"] == [
            {"row": 14, "overwrites": 5, "key": "003"},
            {"row": 16, "overwrites": 14, "key": "003"},
        ], "row 15 was refused"
        assert (result["repeated"], result["updated"]) == (3, 2 if result["created"] else 3)


def test_a_page_of_changes_that_ends_with_a_chunk_hides_nothing_of_the_next(service: Service) -> None:
    """The last chunk, of one row, ends just one row behind the one before."""
    rows = "\n".join(f"{n:03},Guantes,1,CS,1" for n in range(101))
    load = ended(service, upload(service, f"{HEADER}\n{rows}\n"))
    url = f"/api/v1/jobs/{load['id']}/changes"
    first = service.client.get(url).json()
    rest = service.client.get(url, params=first["next"]).json()
    assert (len(first["changes"]), [change["key"] for change in rest["changes"]]) == (100, ["100"])


def test_changes_come_in_pages_each_of_which_goes_on_behind_the_one_before(service: Service) -> None:
    def sheet(price: int, codes: range) -> str:
        return "\n".join([HEADER, *(f"K{n},N,{price},C,1" for n in codes)])

    ended(service, upload(service, sheet(1, range(0, 30, 2))))
    load = ended(service, upload(service, sheet(2, range(30))))  # three chunks, each of five new and five known rows
    url = f"/api/v1/jobs/{load['id']}/changes"
    whole = service.client.get(url).json()
    assert (len(whole["changes"]), whole["next"]) == (30, None)
    found, after = [], {}
    while after is not None:
        page = service.client.get(url, params={**after, "limit": 7}).json()
        found, after = found + page["changes"], page["next"]
        assert len(page["changes"]) == (7 if after else 2)
    assert found == whole["changes"]


def test_more_readers_of_files_than_there_is_room_for_are_told_to_come_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = ended(service, upload(service, f"{HEADER}\n{GOOD}\n"))["id"]
    preview, workbook = f"/api/v1/uploads/{upload_id}/preview", f"/api/v1/jobs/{upload_id}/errors?format=xlsx"
    inside, go = threading.Semaphore(0), threading.Event()
    kept = uploads_api.preview

    def slow(*given: Any) -> Any:
        inside.release()
        go.wait(30)
        return kept(*given)

    monkeypatch.setattr(uploads_api, "preview", slow)
    with ThreadPoolExecutor(READERS) as pool:
        first = [pool.submit(service.client.get, preview) for _ in range(READERS)]
        for _ in first:
            assert inside.acquire(timeout=30)
        refused = [service.client.get(url) for url in (preview, workbook)]
        go.set()
        assert [answer.result().status_code for answer in first] == [200] * READERS
    assert [(answer.status_code, answer.headers["Retry-After"]) for answer in refused] == [(503, "5")] * 2
    assert [service.client.get(url).status_code for url in (preview, workbook)] == [200, 200]


def test_a_column_that_cannot_be_told_is_asked_and_then_mapped(service: Service) -> None:
    content = f"{HEADER.replace('precio', 'Importe')}\n{GOOD}\n"
    failed = ended(service, upload(service, content))
    assert failed["state"] == "failed"
    assert failed["error"]["message"].startswith("Faltan columnas obligatorias: precio")
    seen = service.client.get(f"/api/v1/uploads/{failed['id']}/preview").json()
    assert [(c["header"], c["type"], c["field"], c["confidence"]) for c in seen["columns"][:3]] == [
        ("codigo", "string", "codigo", 1.0),
        ("nombre", "string", "nombre", 1.0),
        ("Importe", "number", None, None),
    ]
    again = {"mapping": {"Importe": "precio"}}
    done = ended(service, service.client.post(f"/api/v1/uploads/{failed['id']}/load", json=again))
    assert done["result"]["created"] == 1
    assert done["progress"]["mapping"]["precio"] == "Importe"
    another = ended(service, upload(service, content.replace("001", "002")))  # it is remembered
    assert another["result"]["created"] == 1
    assert service.client.get(f"/api/v1/uploads/{another['id']}/preview").json()["columns"][2]["field"] == "precio"
    both = ended(service, upload(service, f"{HEADER},Importe\n{GOOD},7\n"))  # by its name, another is meant
    assert both["error"]["questions"][0]["columns"] == ["precio", "Importe"]


def workbook(**sheets: str) -> bytes:
    """A workbook of sheets that are given as CSV."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        for name, text in sheets.items():
            sheet = book.add_worksheet(name)
            for number, line in enumerate(text.splitlines()):
                sheet.write_row(number, 0, line.split(","))
    return made.getvalue()


def test_a_load_of_one_sheet_answers_no_question_of_another(service: Service) -> None:
    odd = HEADER.replace("precio", "a").replace("nombre", "b")
    book = workbook(Enero=f"{odd}\n{GOOD}", Febrero=f"{HEADER}\n{GOOD}", Marzo=f"{odd}\n{GOOD}")
    read = ({"sheet": "Enero"}, {"header_row": 1}, {"sheet": "Febrero"})
    january, any_sheet, february = (ended(service, upload(service, book, "a.xlsx", read=json.dumps(r))) for r in read)
    assert [each["state"] for each in (january, any_sheet, february)] == ["failed", "failed", "completed"]
    asked = [service.client.get(f"/api/v1/uploads/{each['id']}").json()["error"] for each in (january, any_sheet)]
    assert [error.get("answered_by") for error in asked] == [None, february["id"]]


def test_headers_that_do_not_fit_are_told_with_their_sheet_and_how_to_choose_another(service: Service) -> None:
    book = workbook(Portada="Nombre,Informe\nventas,yo", Productos=f"{HEADER}\n{GOOD}")
    failed = ended(service, upload(service, book, "a.xlsx"))
    said, call = failed["error"]["message"], f"/api/v1/uploads/{failed['id']}/load"
    assert 'Encabezados leídos (hoja "Portada", fila 1): Nombre, Informe. Se lee la hoja "Portada"' in said
    assert "el libro tiene además: Productos." in said
    assert f'Para leer otra hoja, envíe {{"read": {{"sheet": "Productos"}}}} en POST {call}.' in said
    assert failed["progress"]["read"]["sheets"] == ["Portada", "Productos"]
    again = ended(service, service.client.post(call, json={"read": {"sheet": "Productos"}}))
    assert again["result"]["created"] == 1
    assert "campo" in service.client.post(call, json={"mapping": {"Informe": "x"}}).json()["detail"]
    wrong = ended(service, service.client.post(call, json={"mapping": {"Importe": "precio"}}))["error"]["message"]
    assert 'no tiene la columna "Importe"' in wrong
    assert 'hoja "Portada"' in wrong


def test_what_means_two_things_is_read_as_the_sender_says_once_he_is_asked(service: Service) -> None:
    asked = ended(service, upload(service, f'{HEADER}\n001,Guantes,"1.234",CS-1,3\n'))
    assert (asked["state"], asked["error"]["unclear"]) == ("failed", ["precio"])
    assert '{"read": {"locale": "es-CO"}} en POST' in asked["error"]["message"]
    preview = service.client.get(
        f"/api/v1/uploads/{asked['id']}/preview", params={"read": '{"locale": "es-CO"}'}
    ).json()
    assert [column["note"] for column in preview["columns"] if column["field"] == "precio"] == ["decimal comma"]
    load = f"/api/v1/uploads/{asked['id']}/load"
    for locale, price in (("es-CO", "1234.0000"), ("es-MX", "1.2340")):
        told = ended(service, service.client.post(load, json={"read": {"locale": locale}}))
        assert (told["state"], products(service)) == ("completed", [("001", "Guantes", price)])
    look = f"/api/v1/uploads/{asked['id']}/preview"
    for wrong in (
        service.client.post(load, json={"read": {"locale": "fr"}}),
        service.client.get(look, params={"read": '{"locale": "fr"}'}),
    ):
        assert (wrong.status_code, "es-CO" in wrong.json()["detail"]) == (400, True)


def test_the_preview_tells_how_numbers_are_written_from_the_first_rows(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ['001,Guantes,"1.234",CS-1,3', '002,Gasas,"1.234",CS-1,3', '003,Vendas,"12,5",CS-1,3']
    id = upload(service, "\n".join([HEADER, *lines])).json()["id"]

    def told(rows: int) -> list[Any]:
        monkeypatch.setattr(preview, "LOOKED", rows)
        seen = service.client.get(f"/api/v1/uploads/{id}/preview").json()
        return [seen["columns"][2]["note"], *("primeras 2 filas" in note for note in seen["notes"])]

    assert told(3) == told(4) == ["decimal comma"]
    assert told(2) == ["may mean two things; name a locale", True]


def test_whatever_the_preview_tells_of_first_rows_alone_says_so(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "LOOKED", 2)
    whole = [f"{HEADER},stock", "001,Guantes,1,CS-1,3,1.622", "002,Gasas,1,CS-2,3,7", '003,Vendas,1,CS-3,3,"1,5"']
    declared = [HEADER, "001,Guantes,1.234,CS-1,3", "002,Gasas,1,CS-2,3", "003,Vendas,1.5,CS-3,3"]
    ended(service, upload(service, "\n".join(declared[:3]), read='{"locale": "es-CO"}'))
    for rows, word in ((whole, "El punto separa miles"), (declared, "como se dijo de un archivo anterior")):
        id = upload(service, "\n".join(rows)).json()["id"]
        (note,) = service.client.get(f"/api/v1/uploads/{id}/preview").json()["notes"]
        assert word in note
        assert note.endswith(" Así se ve en las primeras 2 filas; las demás pueden indicar otra cosa.")


def test_a_preview_of_the_whole_file_says_what_a_load_will(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "LOOKED", 1)
    id = upload(service, f'{HEADER}\n001,Guantes,"1.234",CS-1,3\n').json()["id"]
    (note,) = service.client.get(f"/api/v1/uploads/{id}/preview").json()["notes"]
    assert "nada indica de cuál; esas filas se rechazan" in note


def test_the_workbook_of_errors_once_corrected_loads_the_mended_rows_only(service: Service) -> None:
    bad = '002,Gasas,"=2+2",CS,3\n003,,x,CS,4\n'
    first = ended(service, upload(service, f"{HEADER},nota\n{GOOD},\n{bad}"))
    answer = service.client.get(f"/api/v1/jobs/{first['id']}/errors", params={"format": "xlsx"})
    assert answer.status_code == 200
    sheet = fastexcel.read_excel(answer.content).load_sheet(0).to_polars()
    assert sheet.columns == [*HEADER.split(","), "nota", "⚠ Error", "⚠ Fila"]
    assert sheet["codigo"].to_list() == ["002", "003"]
    assert sheet["precio"].to_list() == ["=2+2", "x"]
    assert sheet["⚠ Fila"].to_list() == [3, 4]
    assert sheet["⚠ Error"][1] == 'Campos obligatorios vacíos: nombre; precio: "x" no es un número'
    mended = io.BytesIO()
    sheet.with_columns(precio=pl.Series(["4.00", "x"])).write_excel(mended)
    second = ended(service, upload(service, mended.getvalue(), "corregir.xlsx"))
    assert (second["result"]["created"], second["result"]["rejected"]) == (1, 1)
    assert second["progress"]["ignored_columns"] == ["nota"]
    assert products(service) == [("001", "Guantes", "1.5000"), ("002", "Gasas", "4.0000")]


def test_a_header_that_names_another_currency_is_a_remark_of_preview_and_load(service: Service) -> None:
    told = ended(service, upload(service, f"{HEADER.replace('precio', 'Precio (COP)')}\n{GOOD}\n", mapping=AS_PRICE))
    [note] = told["progress"]["read"]["notes"]
    assert '"Precio (COP)" dice COP' in note and "reciben USD" in note
    assert service.client.get(f"/api/v1/uploads/{told['id']}/preview").json()["notes"] == [note]


def test_a_mistyped_way_of_reading_names_the_one_that_was_meant(service: Service) -> None:
    refused = upload(service, f"{HEADER}\n{GOOD}\n", read='{"local": "es-CO"}')
    assert refused.status_code == 400
    assert refused.json()["detail"].startswith('read: There is no parameter "local". Did you mean "locale"?')


def test_what_is_downloaded_is_called_by_the_file_that_was_sent(service: Service) -> None:
    id = ended(service, upload(service, f"{HEADER}\n002,,x,CS,3\n", "precios año.csv"))["id"]
    answers = [service.client.get(f"/api/v1/jobs/{id}/errors", params={"format": each}) for each in ("xlsx", "csv")]
    assert [answer.headers["content-disposition"] for answer in answers] == [
        "attachment; filename*=utf-8''precios%20a%C3%B1o-corregir.xlsx",
        "attachment; filename*=utf-8''precios%20a%C3%B1o-errores.csv",
    ]
    catalog = service.client.get(f"/api/catalog/bulk-upload/errores/{id}")
    assert catalog.headers["content-disposition"] == answers[1].headers["content-disposition"]


def test_the_workbook_of_errors_calls_columns_as_the_file_does(service: Service) -> None:
    headers = HEADER.replace("precio", "Unit price").replace("nombre", "Product name")
    load = ended(service, upload(service, f"{headers}\n002,,x,CS,3\n"))
    answer = service.client.get(f"/api/v1/jobs/{load['id']}/errors", params={"format": "xlsx"})
    [said] = fastexcel.read_excel(answer.content).load_sheet(0).to_polars()["⚠ Error"]
    required, wrong = said.split("; ")
    assert required == 'Campos obligatorios vacíos: nombre (columna "Product name")'
    assert wrong == 'precio: "x" no es un número (columna "Unit price")'


def test_a_list_of_uploads_tells_whose_they_are_and_what_became_of_them(service: Service) -> None:
    first = ended(service, upload(service, f"{HEADER}\n{GOOD}\n002,Gasas,x,CS,3\n"))
    second = upload(service, f"{HEADER}\n{GOOD}\n", corrects=first["id"]).json()
    page = service.client.get("/api/v1/uploads").json()["uploads"]
    assert [each["id"] for each in page] == [second["id"], first["id"]]
    waiting, done = page
    assert (done["label"], done["constants"]) == ("a.csv · P1", {"proveedor_id": "P1"})
    assert (done["result"]["created"], done["result"]["rejected"], done["progress"]["total"]) == (1, 1, 2)
    assert (waiting["result"], waiting["corrects"], waiting["undone_by"]) == (None, first["id"], None)


@pytest.mark.parametrize("format", ["json", "xlsx"])
def test_a_separator_of_what_has_none_is_refused(service: Service, format: str) -> None:
    asked = {"format": format, "separator": "semicolon"}
    answer = service.client.get(f"/api/v1/jobs/{UUID(int=0)}/errors", params=asked)
    assert (answer.status_code, "only CSV has one" in answer.json()["detail"]) == (400, True)


def test_errors_come_in_pages(service: Service) -> None:
    view = ended(service, upload(service, HEADER + "".join(f"\n{n},,x,CS,1" for n in range(3))))
    url, seen, params = f"/api/v1/jobs/{view['id']}/errors", [], {"limit": 4}
    while True:
        page = service.client.get(url, params=params).json()
        seen += page["errors"]
        if page["next"] is None:
            break
        params |= page["next"]
    assert [(error["row"], error["code"]) for error in seen] == [
        (row, code) for row in (2, 3, 4) for code in ("required", "type")
    ]
    assert service.client.get(url, params={"format": "csv"}).text.count("\n") == 7


def test_undo_puts_back_and_lists_what_changed_since(service: Service) -> None:
    ended(service, upload(service, f"{HEADER}\n{GOOD}\n002,Gasas,2,CS,1\n"))
    change = ended(service, upload(service, f"{HEADER}\n001,Guantes,9,CS-1,3\n002,Gasas,9,CS,1\n003,Vendas,1,CS,1\n"))
    with service.jobs.db.transaction("default") as conn:
        conn.execute("UPDATE products SET precio = 10 WHERE codigo = '002'")
    undone = ended(service, service.client.post(f"/api/v1/jobs/{change['id']}/undo"))
    counts = {"total": 3, "removed": 1, "restored": 1, "gone": 0, "conflicts": 1}
    assert undone["result"] == {"undo_of": change["id"], **counts, "later_loads": []}
    assert products(service) == [("001", "Guantes", "1.5000"), ("002", "Gasas", "10.0000")]
    [conflict] = service.client.get(f"/api/v1/jobs/{undone['id']}/errors").json()["errors"]
    assert conflict == {
        "key": "002",
        "column": "precio",
        "value": "10.0000",
        "code": "changed_since",
        "message": '002 (fila 3 del archivo): es "10.0000" ahora; la carga dejó "9.0000"',
    }
    sheet = service.client.get(f"/api/v1/jobs/{undone['id']}/errors", params={"format": "csv"}).text
    assert sheet.splitlines()[0] == "\ufeffclave,columna,valor,codigo,error"
    assert sheet.splitlines()[1].startswith("002,precio,10.0000,changed_since")


def test_every_job_of_a_file_is_found_by_the_files_name(service: Service) -> None:
    rehearsed = ended(service, upload(service, f"{HEADER}\n001,Guantes,1,CS,1\n", "Guantes_Enero.csv", dry_run="true"))
    load = ended(service, service.client.post(f"/api/v1/uploads/{rehearsed['id']}/load", json={}))
    undone = ended(service, service.client.post(f"/api/v1/jobs/{load['id']}/undo"))
    upload(service, f"{HEADER}\n001,Guantes,1,CS,1\n", "Vendas.csv")
    with service.jobs.db.transaction("default") as conn:
        found = list_jobs(conn, "default", JobFilter(search="enero guan")).jobs
    assert [str(row["id"]) for row in found] == [undone["id"], load["id"], rehearsed["id"]]
    assert {row["label"] for row in found} == {"Guantes_Enero.csv · P1"}


def test_what_an_undo_had_to_leave_is_tried_again_by_the_next(service: Service) -> None:
    """A later load had changed it, which is named; once that is undone, so is the rest of the first."""
    ended(service, upload(service, f"{HEADER}\n001,Guantes,1,CS,1\n"))
    first = ended(service, upload(service, f"{HEADER}\n001,Guantes,2,CS,1\n002,Gasas,2,CS,1\n003,Vendas,2,CS,1\n"))
    second = ended(service, upload(service, f"{HEADER}\n001,Guantes,3,CS,1\n003,Vendas,3,CS,1\n"))

    def undone(load: dict[str, Any]) -> dict[str, Any]:
        return ended(service, service.client.post(f"/api/v1/jobs/{load['id']}/undo"))["result"] | {"undo_of": ""}

    counts = {"undo_of": "", "total": 3, "removed": 1, "restored": 0, "gone": 0, "conflicts": 2}
    counts |= {"later_loads": [second["id"]]}
    ended(service, upload(service, f"{HEADER}\n001,Guantes,4,CS,1\n", dry_run="true"))  # which changes nothing
    assert undone(first) == counts
    assert undone(first) == counts | {"total": 2, "removed": 0}
    assert undone(second)["restored"] == 2
    assert undone(first) == counts | {"total": 2, "restored": 1, "conflicts": 0, "later_loads": []}
    assert products(service) == [("001", "Guantes", "1.0000")]


def test_a_load_that_was_undone_says_so_wherever_it_is_told(service: Service) -> None:
    load = ended(service, upload(service, f"{HEADER}\n{GOOD}\n"))
    assert load["undone_by"] is None
    undo = ended(service, service.client.post(f"/api/v1/jobs/{load['id']}/undo"))["id"]
    assert service.client.get(f"/api/v1/uploads/{load['id']}").json()["undone_by"] == undo
    listed = {job["id"]: job["undone_by"] for job in service.client.get("/api/v1/jobs").json()["jobs"]}
    assert listed == {load["id"]: undo, undo: None}
    events = service.client.get(f"/api/v1/jobs/{load['id']}/events").json()["events"]
    assert [each["data"] for each in events if each["type"] == "undone"] == [{"job": undo}]


def test_a_load_of_which_an_undo_left_something_is_not_undone(service: Service) -> None:
    load = ended(service, upload(service, f"{HEADER}\n{GOOD}\n"))["id"]
    with service.jobs.db.transaction("default") as conn:
        conn.execute("UPDATE products SET precio = 9")
    undo = ended(service, service.client.post(f"/api/v1/jobs/{load}/undo"))
    assert undo["result"]["conflicts"] == 1
    assert service.client.get(f"/api/v1/uploads/{load}").json()["undone_by"] is None


def test_what_is_undone_is_answered_with_its_undo(service: Service) -> None:
    load = ended(service, upload(service, f"{HEADER}\n{GOOD}\n"))["id"]
    undo = f"/api/v1/jobs/{load}/undo"
    first = ended(service, service.client.post(undo))
    assert ended(service, service.client.post(undo)) == first
    with service.jobs.db.transaction("default") as conn:  # as after its last chunk
        conn.execute("UPDATE tolva.jobs SET state = 'cancelled', result = NULL WHERE id = %s", (first["id"],))
    again = service.client.post(undo)
    assert (again.status_code, "is undone already" in again.json()["detail"]) == (409, True)


def test_a_load_that_changed_nothing_cannot_be_undone(service: Service) -> None:
    ended(service, upload(service, f"{HEADER}\n{GOOD}\n"))
    again = ended(service, upload(service, f"{HEADER}\n{GOOD}\n"))["id"]
    refused = service.client.post(f"/api/v1/jobs/{again}/undo")
    assert (refused.status_code, "changed nothing" in refused.json()["detail"]) == (409, True)


def test_a_load_whose_later_rows_set_back_what_the_earlier_changed_has_nothing_to_undo(service: Service) -> None:
    ended(service, upload(service, f"{HEADER}\n{GOOD}\n"))
    load = ended(service, upload(service, f"{HEADER}\n{GOOD.replace('1.50', '9')}\n{GOOD}\n"))
    assert load["result"]["updated"] == 2
    refused = service.client.post(f"/api/v1/jobs/{load['id']}/undo")
    assert (refused.status_code, "changed nothing" in refused.json()["detail"]) == (409, True)


def test_what_undo_would_remove_and_is_gone_already_is_settled(service: Service) -> None:
    """A row that the load made, or made and then changed in a later chunk; one that it only changed is a conflict."""
    ended(service, upload(service, f"{HEADER}\n001,Guantes,1,CS,1\n"))
    others = "".join(f"9{n:02},X,1,CS,1\n" for n in range(20))
    rows = f"001,Guantes,2,CS,1\n002,Gasas,2,CS,1\n003,Vendas,2,CS,1\n{others}003,Vendas,3,CS,1\n"
    load = ended(service, upload(service, f"{HEADER}\n{rows}"))
    assert (load["result"]["created"], load["result"]["updated"]) == (22, 2)
    with service.jobs.db.transaction("default") as conn:
        conn.execute("DELETE FROM products WHERE codigo < '900'")
    first = ended(service, service.client.post(f"/api/v1/jobs/{load['id']}/undo"))
    counts = {"total": 24, "removed": 20, "restored": 0, "gone": 3, "conflicts": 1}
    assert first["result"] == {"undo_of": load["id"], **counts, "later_loads": []}
    [conflict] = service.client.get(f"/api/v1/jobs/{first['id']}/errors").json()["errors"]
    assert conflict["message"] == "001 (fila 2 del archivo): la fila ya no existe"
    again = ended(service, service.client.post(f"/api/v1/jobs/{load['id']}/undo"))["result"]
    assert (again["total"], again["gone"], again["conflicts"]) == (1, 0, 1)


@pytest.mark.parametrize(
    ("call", "params", "status", "said"),
    [
        ("upload", {"params": "{"}, 400, "params: Invalid JSON"),
        ("upload", {"params": json.dumps({"x": "1"})}, 400, "Parámetros desconocidos: x"),
        (
            "upload",
            {"dryrun": "true"},
            400,
            'no parameter "dryrun". Did you mean "dry_run"? There are: schema, params, dry_run',
        ),
        ("upload", {"schema": "nada"}, 404, "There is no schema 'nada'"),
        ("upload", {"read": json.dumps({"encoding": "utf8-latin"})}, 400, "There is no encoding 'utf8-latin'"),
        ("upload", {"mapping": json.dumps({"codigo": "code"})}, 400, 'No existe el campo "code". ¿Quiso'),
        ("upload", {"read": json.dumps({"quote": "ab"})}, 400, "read: quote: String should have at most 1 character"),
        ("/api/v1/uploads/01a20f1c-3f23-74c3-b8b1-88ae8d80626e", {}, 404, "There is no upload"),
        ("/api/v1/uploads/01a20f1c-3f23-74c3-b8b1-88ae8d80626e/preview", {}, 404, "There is no upload"),
        ("/api/v1/jobs/01a20f1c-3f23-74c3-b8b1-88ae8d80626e/errors", {}, 404, "There is no upload"),
        ("/api/v1/jobs/01a20f1c-3f23-74c3-b8b1-88ae8d80626e/changes", {}, 404, "There is no load"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(
    lasting_service: Service, call: str, params: dict[str, str], status: int, said: str
) -> None:
    answer = (
        upload(lasting_service, GOOD, **params) if call == "upload" else lasting_service.client.get(call, params=params)
    )
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_a_zip_of_two_files_is_refused_at_once(service: Service) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, f"{HEADER}\n{GOOD}\n")
    answer = upload(service, packed.getvalue(), "dos.zip")
    assert (answer.status_code, answer.json()["detail"]) == (415, "El zip contiene 2 archivos; envíe uno solo.")


def test_a_zip_of_what_nobody_reads_is_refused_at_once(service: Service) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("carta.docx", "PK")
    answer = upload(service, packed.getvalue(), "carta.zip")
    assert answer.status_code == 415
    assert 'El archivo "carta.docx" no es de un tipo aceptado.' in answer.json()["detail"]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_is_damaged_inside_is_refused_at_once(service: Service, method: int) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("a.csv", f"{HEADER}\n" + f"{GOOD}\n" * 99)
    packed = bytearray(stream.getvalue())
    packed[50:90] = b"\xff" * 40  # behind the entry's own header
    answer = upload(service, bytes(packed), "a.zip")
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:tolva:unreadable-file")


def test_what_has_not_ended_cannot_be_undone(service: Service) -> None:
    waiting = upload(service, f"{HEADER}\n{GOOD}").json()["id"]
    answer = service.client.post(f"/api/v1/jobs/{waiting}/undo")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:tolva:conflict")


def test_what_is_no_load_says_where_to_look_instead(service: Service) -> None:
    dry = ended(service, upload(service, f"{HEADER}\n{GOOD}\n", dry_run="true"))["id"]
    refused = service.client.post(f"/api/v1/jobs/{dry}/undo")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:tolva:conflict")
    assert f"GET /api/v1/jobs/{dry}/changes" in refused.json()["detail"]
    [foretold] = service.client.get(f"/api/v1/jobs/{dry}/changes").json()["changes"]
    assert (foretold["key"], foretold["kind"]) == ("001", "created")
    load = ended(service, upload(service, f"{HEADER}\n{GOOD}\n"))["id"]
    undo = ended(service, service.client.post(f"/api/v1/jobs/{load}/undo"))["id"]
    for answer, said in (
        (service.client.post(f"/api/v1/jobs/{undo}/undo"), "is itself an undo. To have"),
        (service.client.get(f"/api/v1/jobs/{undo}/changes"), "its errors name what it left alone"),
    ):
        assert (answer.status_code, said in answer.json()["detail"]) == (409, True)


def test_a_corrected_workbook_means_what_the_file_meant(service: Service) -> None:
    """The row that showed how the file writes numbers is not in it, and what made a row wrong as a whole still is."""
    rows = "W1;uno;12,5;CS;3;1\nW2;dos;1.500;CS;3;muchos\nW3;tres;2,345;CS;3;x\nW4;cuatro;1;CS;3;1;9\n"
    first = ended(service, upload(service, f"{HEADER.replace(',', ';')};stock\n{rows}"))
    assert (first["result"]["created"], first["result"]["rejected"]) == (1, 3)
    sheet = service.client.get(f"/api/v1/jobs/{first['id']}/errors", params={"format": "xlsx"}).content
    cells = fastexcel.read_excel(sheet).load_sheet(0).to_polars()
    assert cells["precio"].to_list() == [1500, 2.345, None]
    mended = io.BytesIO()
    with xlsxwriter.Workbook(mended) as book:
        page = book.add_worksheet()
        for number, row in enumerate([cells.columns, *cells.rows()]):
            page.write_row(number, 0, [8 if cell in ("muchos", "x") else cell for cell in row])
    second = ended(service, upload(service, mended.getvalue(), "corregir.xlsx"))
    assert (second["result"]["created"], second["result"]["rejected"]) == (2, 1)
    assert products(service) == [("W1", "uno", "12.5000"), ("W2", "dos", "1500.0000"), ("W3", "tres", "2.3450")]


def test_what_stood_right_in_the_workbook_of_errors_tells_nothing_of_what_is_written_beside_it(
    service: Service,
) -> None:
    """Its numbers are our own writing, and not that of whoever corrects the rest."""
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as made:
        page = made.add_worksheet()
        page.write_row(0, 0, HEADER.split(","))
        for number, row in enumerate([("S1", "uno", "1.234", "CS", 3), ("S2", "dos", 12.5, "", 3)], 1):
            page.write_row(number, 0, row)
    first = ended(service, upload(service, book.getvalue(), "c.xlsx", read='{"locale": ""}'))
    assert first["result"]["rejected"] == 2
    errors = service.client.get(f"/api/v1/jobs/{first['id']}/errors", params={"format": "xlsx"}).content
    again = ended(service, upload(service, errors, "corregir.xlsx"))
    assert (again["error"]["unclear"], products(service)) == (["precio"], [])
    told = ended(service, upload(service, errors, "corregir.xlsx", read='{"locale": "es-CO"}'))
    assert (told["result"]["rejected"], products(service)) == (1, [("S1", "uno", "1234.0000")])


def test_a_load_that_fails_half_way_tells_what_it_left_and_how_to_take_it_back(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[object] = []

    def changed_under_way(conn: psycopg.Connection, _schema: Schema) -> None:
        held.append(conn)
        if len(held) > 3:
            raise InvalidInput("fields[2].name: 'products' has no column 'precio'")

    monkeypatch.setattr(load_module, "hold_target", changed_under_way)
    rows = "\n".join(f"{n:03},Guantes,1,CS,1" for n in range(100))
    failed = ended(service, upload(service, f"{HEADER}\n{rows}\n"))
    undo = f"/api/v1/jobs/{failed['id']}/undo"
    assert (failed["state"], len(products(service))) == ("failed", 30)
    assert "30 filas" in failed["error"]["message"]
    assert undo in failed["error"]["message"]
    ended(service, service.client.post(undo))
    assert products(service) == []


def test_a_load_that_is_tried_again_by_itself_is_not_told_to_be_taken_back(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[object] = []

    def busy_for_long(conn: psycopg.Connection, _schema: Schema) -> None:
        held.append(conn)
        if len(held) > 3:
            raise TryLater("busy", retry_after=60)

    monkeypatch.setattr(load_module, "hold_target", busy_for_long)
    rows = "\n".join(f"{n:03},Guantes,1,CS,1" for n in range(100))
    url = upload(service, f"{HEADER}\n{rows}\n").json()["status_url"]
    with working(service):
        error = until(lambda: service.client.get(url).json()["error"])
    assert (error["message"], len(products(service))) == (WAITING, 30)


def test_what_others_refer_to_is_a_conflict_of_undo(service: Service, admin: psycopg.Connection) -> None:
    load = ended(service, upload(service, f"{HEADER}\n{GOOD}\n002,Gasas,2,CS,3\n003,Vendas,2,CS,3\n"))
    admin.execute(
        "CREATE TABLE lines (tenant text, supplier text, code text,"
        " FOREIGN KEY (tenant, supplier, code) REFERENCES products (tenant_id, proveedor_id, codigo));"
        "INSERT INTO lines VALUES ('default', 'P1', '002')"
    )
    undone = ended(service, service.client.post(f"/api/v1/jobs/{load['id']}/undo"))
    assert (undone["state"], undone["result"]["removed"], undone["result"]["conflicts"]) == ("completed", 2, 1)
    [error] = service.client.get(f"/api/v1/jobs/{undone['id']}/errors").json()["errors"]
    assert error["message"].startswith("002: la base de datos no permite deshacerla")
    assert [code for code, *_ in products(service)] == ["002"]


def test_chunks_do_not_wait_for_the_disk_and_the_outcome_does(service: Service, admin: psycopg.Connection) -> None:
    admin.execute(
        "CREATE TABLE public.waits (what text, setting text);"
        "CREATE FUNCTION note_wait() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
        " INSERT INTO public.waits VALUES (TG_TABLE_NAME, current_setting('synchronous_commit')); RETURN NULL; END $$;"
        "CREATE TRIGGER note_wait AFTER INSERT ON products FOR EACH STATEMENT EXECUTE FUNCTION note_wait();"
        "CREATE TRIGGER note_wait AFTER UPDATE OF state ON tolva.jobs FOR EACH STATEMENT EXECUTE FUNCTION note_wait()"
    )
    ended(service, upload(service, f"{HEADER}\n{GOOD}\n"))
    seen = admin.execute("SELECT DISTINCT what, setting FROM public.waits ORDER BY what").fetchall()
    assert seen == [("jobs", "on"), ("products", "off")]


def test_a_key_does_not_make_a_load_of_a_dry_run(service: Service) -> None:
    given = {"params": SUPPLIER, "dry_run": "true"}
    for dry_run, status in (("true", 202), ("true", 202), ("false", 409)):
        answer = service.client.post(
            "/api/v1/uploads",
            params=given | {"dry_run": dry_run},
            files={"file": ("a.csv", f"{HEADER}\n{GOOD}\n")},
            headers={"Idempotency-Key": "k"},
        )
        assert answer.status_code == status
        if status == 409:
            assert answer.json()["type"] == "urn:tolva:key-reused"
            assert answer.json()["detail"].startswith("The Idempotency-Key was used for another file")


LOSE_THE_COMMIT = """
CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER lose AFTER INSERT ON tolva.uploads DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION lose()
"""


def test_whoever_cannot_know_whether_a_file_was_kept_sends_it_again_with_its_key(
    service: Service, admin: psycopg.Connection
) -> None:
    def send() -> httpx.Response:
        files, key = {"file": ("a.csv", f"{HEADER}\n{GOOD}\n")}, {"Idempotency-Key": "k"}
        return service.client.post("/api/v1/uploads", params={"params": SUPPLIER}, files=files, headers=key)

    admin.execute(LOSE_THE_COMMIT)
    told = send()
    assert (told.status_code, told.json()["type"]) == (503, "urn:tolva:commit-lost")
    assert "not known" in told.json()["detail"] and "same Idempotency-Key" in told.json()["detail"]
    assert "retry-after" not in told.headers, "who has no key would have it twice"
    admin.execute("DROP TRIGGER lose ON tolva.uploads")
    assert [send().status_code for _ in range(2)] == [202, 202]
    assert len(service.client.get("/api/v1/uploads").json()["uploads"]) == 1


def test_rows_that_a_deferred_constraint_refuses_are_told(service: Service, admin: psycopg.Connection) -> None:
    admin.execute(
        "CREATE TABLE names (name text PRIMARY KEY); INSERT INTO names VALUES ('Guantes');"
        "GRANT SELECT ON names TO tolva_app;"
        "ALTER TABLE products ADD FOREIGN KEY (nombre) REFERENCES names DEFERRABLE INITIALLY DEFERRED"
    )
    rows = "".join(f"{n:03},{'Gasas' if n % 2 else 'Guantes'},2,CS,3\n" for n in range(300))
    load = ended(service, upload(service, f"{HEADER}\n{rows}"))
    assert (load["state"], load["result"]["created"], load["result"]["rejected"]) == ("completed", 150, 150)


@pytest.mark.parametrize("format", ["json", "csv", "xlsx"])
def test_a_job_that_is_about_no_file_has_no_errors_to_download(service: Service, format: str) -> None:
    with service.jobs.work("default") as work:
        [made] = work.enqueue(NewJob("webhook", {}))
    assert service.client.get(f"/api/v1/jobs/{made.id}/errors", params={"format": format}).status_code == 404
