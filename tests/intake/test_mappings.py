"""Answers about columns: by header, by place, and what of them holds for the next file."""

import io
import json
from importlib import import_module
from typing import Any

import fastexcel
import psycopg
import pytest
import xlsxwriter

from tests.intake.test_uploads import GOOD, HEADER, ended, products, upload
from tests.jobs.workshop import until
from tests.service import Service, working
from tolva.cli.acting import at_terminal
from tolva.errors import InvalidInput
from tolva.tables.schema import Schema
from tolva.workloads.intake import load as load_module
from tolva.workloads.intake import mappings as mappings_module
from tolva.workloads.intake import said_locale as said_locale_module
from tolva.workloads.intake.mappings import forget_mappings, list_mappings
from tolva.workloads.intake.said_locale import list_locales

TWICE = "codigo,nombre,precio,precio,certificado_sanitario,tiempo_entrega_dias"
BOTH = "001,Guantes,1.50,2.50,CS-1,3"
PLACES = {f"@{n}": name for n, name in enumerate(HEADER.split(","), start=1)}


def load(
    service: Service, content: str, mapping: dict[str, str | None] | None = None, kind: str = "csv"
) -> dict[str, Any]:
    return ended(service, upload(service, content, f"a.{kind}", mapping=json.dumps(mapping or {})))


def test_the_error_says_what_to_send_and_where(service: Service) -> None:
    failed = load(service, f"{TWICE}\n{BOTH}\n")
    call = f"/api/v1/uploads/{failed['id']}/load"
    assert f'Responda con {{"mapping": {{"@3": "precio"}}}} en POST {call}' in failed["error"]["message"]
    assert 'columnas para precio: "@3", "@4".' in failed["error"]["message"]
    assert failed["error"]["questions"] == [{"field": "precio", "columns": ["@3", "@4"], "likely": "@3"}]
    seen = service.client.get(f"/api/v1/uploads/{failed['id']}/preview").json()
    assert [column["name"] for column in seen["columns"]][:4] == ["codigo", "nombre", "@3", "@4"]
    assert seen["questions"] == failed["error"]["questions"]
    done = ended(service, service.client.post(call, json={"mapping": {"@4": "precio"}}))
    assert products(service) == [("001", "Guantes", "2.5000")]
    assert done["progress"]["ignored_columns"] == ["precio (@3)"]


def test_the_answer_in_the_error_holds_what_was_said_before(service: Service) -> None:
    """Else the question would be answered, and what was answered before be asked again."""
    rows = f"{TWICE.replace('nombre', 'cosa')}\n{BOTH}\n"
    sent = {"mapping": json.dumps({"cosa": "nombre", "precio": "precio"}), "read": json.dumps({"header_row": 1})}
    failed = ended(service, upload(service, rows, "a.csv", dry_run="true", **sent))
    said = failed["error"]["message"]
    body, end = json.JSONDecoder().raw_decode(said, said.index("Responda con ") + len("Responda con "))
    assert body == {"mapping": {"cosa": "nombre", "@3": "precio"}, "read": {"header_row": 1}, "dry_run": True}
    call = said[end:].split()[2].rstrip(";")
    assert ended(service, service.client.post(call, json=body))["result"]["dry_run"] is True


def test_an_answer_by_place_holds_for_files_of_that_shape_alone(service: Service) -> None:
    load(service, f"{TWICE}\n{BOTH}\n", {"@4": "precio"})
    again = load(service, f"{TWICE}\n{BOTH.replace('001', '002')}\n")
    assert products(service)[1] == ("002", "Guantes", "2.5000")
    [told] = [match for match in again["progress"]["matches"] if match["field"] == "precio"]
    assert (told["column"], told["header"], told["how"]) == ("@4", "precio", "remembered")
    other = "nombre,codigo,precio,precio,certificado_sanitario,tiempo_entrega_dias"
    assert load(service, f"{other}\nGuantes,003,1,2,CS-1,3\n")["error"]["type"] == "Unanswered"
    load(service, f"{TWICE}\n{BOTH}\n", {"@3": "precio"})  # the last word counts
    load(service, f"{TWICE}\n{BOTH.replace('001', '004')}\n")
    assert products(service)[-1] == ("004", "Guantes", "1.5000")


def test_an_answer_by_header_takes_the_place_of_one_by_place(service: Service) -> None:
    header, row = f"{TWICE},Neto", f"{BOTH},7"
    for answer in ({"@4": "precio"}, {"Neto": "precio"}, None):
        last = load(service, f"{header}\n{row}\n", answer)
    assert last["progress"]["mapping"]["precio"] == "Neto"
    assert products(service) == [("001", "Guantes", "7.0000")]


def test_a_file_without_header_is_answered_once_for_its_shape(service: Service) -> None:
    rows = "001,Guantes,1.50,CS-1,3\n002,Gasas,2.50,CS-2,3\n"
    failed = load(service, rows)
    assert failed["error"]["message"].startswith("El archivo no tiene encabezados")
    assert '"COLUMNA": "codigo"' in failed["error"]["message"]
    load(service, rows, PLACES)
    assert (
        load(service, "103,Vendas,x,CS-1,3\n104,Gasas,2.50,CS-2,3\n105,Gasas,2.50,CS-2,3\n")["result"]["created"] == 2
    )
    assert load(service, "Vendas,103,1.50,CS-1,3\nGasas,104,2.50,CS-2,3\n")["state"] == "failed"
    assert load(service, "1,001,Guantes,1.50,CS-1,3\n2,002,Gasas,2.50,CS-2,3\n")["state"] == "failed"


def test_refused_rows_of_columns_told_by_place_come_back_in_a_workbook(service: Service) -> None:
    first = load(service, f"{TWICE}\n001,Guantes,9,x,CS-1,3\n002,Gasas,9,2.50,CS-2,3\n", {"@4": "precio"})
    service.client.delete("/api/v1/schemas/products/mappings")  # what was loaded is not told anew
    sheet = service.client.get(f"/api/v1/jobs/{first['id']}/errors", params={"format": "xlsx"}).content
    cells = fastexcel.read_excel(sheet).load_sheet(0, header_row=None).to_polars().fill_null("").rows()
    assert cells[0][:4] == ("codigo", "nombre", "", "precio")
    mended = io.BytesIO()
    with xlsxwriter.Workbook(mended) as book:
        page = book.add_worksheet()
        for number, row in enumerate(cells):
            page.write_row(number, 0, ["7" if cell == "x" else cell for cell in row])
    assert ended(service, upload(service, mended.getvalue(), "corregir.xlsx"))["result"]["created"] == 1
    assert products(service)[0] == ("001", "Guantes", "7.0000")


def test_headers_that_were_said_to_be_one_field_are_asked_when_they_come_together(service: Service) -> None:
    for header in ("Importe", "Monto"):
        load(service, f"{HEADER.replace('precio', header)}\n{GOOD}\n", {header: "precio"})
    both = f"{HEADER.replace('precio', 'Importe,Monto')}\n001,Guantes,1,2,CS-1,3\n"
    assert load(service, both)["error"]["questions"][0]["columns"] == ["Importe", "Monto"]
    load(service, both, {"Monto": "precio"})
    assert load(service, both)["progress"]["mapping"]["precio"] == "Monto"  # once for this shape


def test_an_answer_by_header_is_asked_again_where_another_column_is_named_like_the_field(service: Service) -> None:
    neto, both = HEADER.replace("precio", "Neto"), HEADER.replace("precio", "precio,Neto")
    load(service, f"{neto}\n{GOOD}\n", {"Neto": "precio"})
    asked = load(service, f"{both}\n002,Gasas,1,2,CS-1,3\n")["error"]
    assert asked["questions"] == [{"field": "precio", "columns": ["precio", "Neto"], "likely": "precio"}]
    load(service, f"{both}\n002,Gasas,1,2,CS-1,3\n", {"precio": "precio"})
    load(service, f"{both}\n003,Vendas,1,2,CS-1,3\n")  # answered, for this shape
    assert products(service)[1:] == [("002", "Gasas", "1.0000"), ("003", "Vendas", "1.0000")]


def test_headers_that_nobody_would_write_are_asked_by_their_places(service: Service) -> None:
    row = {letter * 200_000: 1 for letter in "vwxyz"}
    asked = load(service, json.dumps([row]), kind="json")["error"]
    assert (asked["type"], asked["questions"][0]["columns"]) == ("Unanswered", ["@1", "@2", "@3", "@4", "@5"])


def test_what_is_remembered_can_be_seen_and_forgotten(service: Service) -> None:
    url = "/api/v1/schemas/products/mappings"
    load(service, f"{TWICE},a/b c\n{BOTH},x\n", {"@4": "precio", "a/b c": None})
    headers = [*TWICE.split(","), "a/b c"]
    assert service.client.get(url).json()["mappings"] == [
        {"name": "a/b c", "field": None, "outline": None},
        {"name": "@4", "field": "precio", "outline": {"headers": headers}},
    ]
    assert service.client.delete(f"{url}/a%2Fb%20c").status_code == 204
    assert service.client.delete(f"{url}/a%2Fb%20c").status_code == 404
    assert [each["name"] for each in service.client.get(url).json()["mappings"]] == ["@4"]
    assert service.client.delete(url).status_code == 204
    assert service.client.get(url).json()["mappings"] == []
    assert service.client.delete(url).status_code == 204  # there is nothing left, and nothing to note
    noted = service.client.get("/api/v1/audit", params={"action": "mapping.forget"}).json()["lines"]
    assert len(noted) == 2
    assert load(service, f"{TWICE},a/b c\n{BOTH},x\n")["state"] == "failed"
    for call in (service.client.get, service.client.delete):
        assert call(url.replace("products", "nada")).status_code == 404


def test_another_tenant_sees_and_forgets_nothing_of_it(service: Service) -> None:
    load(service, f"{HEADER.replace('precio', 'Importe')}\n{GOOD}\n", {"Importe": "precio"})
    with service.jobs.db.transaction("other") as conn:
        assert list_mappings(conn, "products") == []
        forget_mappings(conn, at_terminal("other"), "products")
    with service.jobs.db.transaction("default") as conn:
        assert [row["name"] for row in list_mappings(conn, "products")] == ["Importe"]


STOCK = f"{HEADER},stock\n001,Guantes,1.234,CS-1,3,1.000\n"


def read_as(service: Service, content: str, locale: str) -> dict[str, Any]:
    return ended(service, upload(service, content, "a.csv", read=json.dumps({"locale": locale})))


def asked(done: dict[str, Any]) -> list[str]:
    """The columns for which a load asks how their numbers are meant."""
    return done["error"]["unclear"]


def locales(service: Service) -> list[str]:
    found = service.client.get("/api/v1/schemas/products/mappings").json()["locales"]
    return [each["locale"] for each in found]


def test_how_numbers_are_meant_is_remembered_for_files_of_that_shape(service: Service) -> None:
    assert asked(load(service, STOCK)) == ["precio", "stock"]
    assert read_as(service, STOCK, "es-CO")["progress"]["read"]["remembered_locale"] is None
    assert products(service) == [("001", "Guantes", "1234.0000")]
    again = load(service, STOCK.replace("1.234", "2.345"))
    assert products(service) == [("001", "Guantes", "2345.0000")]
    read = again["progress"]["read"]
    assert read["remembered_locale"] == "es-CO"
    assert read["notes"] == [
        'Los números y las fechas de "precio", "stock" se leen como se dijo de un archivo anterior (locale es-CO).'
    ]
    assert service.client.get(f"/api/v1/uploads/{again['id']}/preview").json()["notes"] == read["notes"]
    for page in (f"/uploads/{again['id']}", f"/jobs/{again['id']}"):
        assert "as in an earlier file: 1.234,56" in service.client.get(page).text
    assert asked(load(service, STOCK.replace("stock", "existencias"))) == ["precio", "existencias"]
    read_as(service, STOCK.replace("1.234", '"9,876"').replace("1.000", '"1,000"'), "es-MX")  # the last word counts
    assert load(service, STOCK.replace("1.234", '"1,357"').replace("1.000", "1"))["result"]["updated"] == 1
    assert products(service) == [("001", "Guantes", "1357.0000")]


def test_how_numbers_are_meant_can_be_seen_and_forgotten(service: Service) -> None:
    url = "/api/v1/schemas/products/mappings"
    read_as(service, STOCK, "es-CO")
    outline = {"headers": [*HEADER.split(","), "stock"]}
    kept = {"locale": "es-CO", "outline": outline, "constants": {"proveedor_id": "P1"}}
    assert service.client.get(url).json() == {"mappings": [], "locales": [kept]}
    with service.jobs.db.transaction("other") as conn:
        assert list_locales(conn, "products") == []
    assert service.client.delete(url).status_code == 204
    assert locales(service) == []
    assert asked(load(service, STOCK)) == ["precio", "stock"]


def test_how_numbers_are_meant_can_be_forgotten_by_itself(service: Service) -> None:
    url = "/api/v1/schemas/products/mappings"
    rows = STOCK.replace("precio", "Importe")
    said = {"mapping": json.dumps({"Importe": "precio"}), "read": json.dumps({"locale": "es-CO"})}
    ended(service, upload(service, rows, **said))
    for wrong in ("en-US", ""):
        assert service.client.delete(url, params={"locale": wrong}).status_code == 404
    assert service.client.delete(url, params={"locale": "es-CO"}).status_code == 204
    assert locales(service) == []
    assert asked(load(service, rows)) == ["Importe", "stock"]  # its columns are known


def test_how_one_supplier_means_numbers_can_be_forgotten_alone(service: Service) -> None:
    url = "/api/v1/schemas/products/mappings"
    other = json.dumps({"proveedor_id": "P2"})
    read_as(service, STOCK, "es-CO")
    ended(service, upload(service, STOCK, read=json.dumps({"locale": "es-CO"}), params=other))
    assert locales(service) == ["es-CO", "es-CO"]
    assert service.client.delete(url, params={"params": other}).status_code == 400
    for status in (204, 404):
        assert service.client.delete(url, params={"locale": "es-CO", "params": other}).status_code == status
    assert load(service, STOCK)["result"]["rejected"] == 0
    assert asked(ended(service, upload(service, STOCK, params=other))) == ["precio", "stock"]


def test_what_one_supplier_said_of_numbers_holds_for_no_other_with_the_same_template(service: Service) -> None:
    read_as(service, STOCK, "es-CO")
    other = ended(service, upload(service, STOCK, params=json.dumps({"proveedor_id": "P2"})))
    assert asked(other) == ["precio", "stock"]


def test_of_numbers_only_what_decided_something_is_remembered(service: Service) -> None:
    clear = STOCK.replace("1.234", "12.5").replace("1.000", "1")
    read_as(service, clear, "es-CO")
    assert locales(service) == []
    read_as(service, STOCK, "es-CO")
    read_as(service, clear, "es-CO")
    assert locales(service) == ["es-CO"]
    read_as(service, clear, "es-MX")  # contradicts it, and decides nothing
    assert locales(service) == []


def test_it_can_be_said_that_numbers_are_as_the_columns_show_whatever_is_remembered(service: Service) -> None:
    read_as(service, STOCK, "es-CO")
    assert read_as(service, STOCK, "")["result"]["rejected"] == 1
    assert locales(service) == []  # the last word counts


def test_what_a_load_said_of_numbers_is_forgotten_when_it_is_undone(service: Service) -> None:
    loads = [read_as(service, STOCK.replace("001", code), "es-CO")["id"] for code in ("001", "002")]
    left = []
    for id in loads:  # the last to say so was the second
        ended(service, service.client.post(f"/api/v1/jobs/{id}/undo"))
        left.append(locales(service))
    assert left == [["es-CO"], []]


def test_an_undo_uncovers_what_other_loads_said_of_numbers(service: Service) -> None:
    def undone(id: str) -> list[str]:
        ended(service, service.client.post(f"/api/v1/jobs/{id}/undo"))
        return locales(service)

    mistaken = f"{STOCK.replace('001', '003')}004,Gasas,7,CS-1,3,7\n"
    clear = mistaken.replace("1.234", "12.5").replace("1.000", "1")
    january, february = (read_as(service, STOCK.replace("001", code), "es-CO")["id"] for code in ("001", "002"))
    assert undone(february) == ["es-CO"]
    for mistake, content in (("en-US", mistaken), ("", mistaken), ("es-MX", clear)):
        said = read_as(service, content, mistake)
        assert locales(service) == ([mistake] if mistake == "en-US" else [])
        assert undone(said["id"]) == ["es-CO"]
    assert undone(january) == []


def test_what_was_said_of_numbers_is_forgotten_with_what_it_had_hidden(service: Service) -> None:
    for n, locale in enumerate(("es-CO", "en-US")):
        read_as(service, STOCK.replace("001", f"00{n}"), locale)
    url = "/api/v1/schemas/products/mappings"
    assert service.client.delete(url, params={"locale": "es-CO"}).status_code == 404
    assert service.client.delete(url, params={"locale": "en-US"}).status_code == 204
    assert locales(service) == []


@pytest.mark.parametrize(
    ("headers", "mistake", "right"),
    [(TWICE, "@3", "@4"), (f"{TWICE.replace('precio,precio', 'Neto,Bruto')}", "Neto", "Bruto")],
)
def test_an_undo_uncovers_what_other_loads_said_of_columns(
    service: Service, headers: str, mistake: str, right: str
) -> None:
    def said(code: str, answer: dict[str, str | None]) -> str:
        return load(service, f"{headers}\n{BOTH.replace('001', code)}\n", answer)["id"]

    def undone(id: str) -> dict[str, str | None]:
        ended(service, service.client.post(f"/api/v1/jobs/{id}/undo"))
        found = service.client.get("/api/v1/schemas/products/mappings").json()["mappings"]
        return {each["name"]: each["field"] for each in found}

    assert undone(said("001", {mistake: "precio"})) == {}
    january, february = (said(code, {right: "precio", mistake: None}) for code in ("002", "003"))
    kept = {right: "precio", mistake: None}
    assert undone(february) == kept
    assert undone(said("004", {mistake: "precio", right: None})) == kept
    assert undone(january) == {}


def remembered(service: Service) -> dict[str, str | None]:
    found = service.client.get("/api/v1/schemas/products/mappings").json()["mappings"]
    return {each["name"]: each["field"] for each in found}


def test_an_undo_uncovers_what_the_load_before_said_of_another_column(service: Service) -> None:
    load(service, f"{TWICE}\n{BOTH}\n", {"@3": "precio"})
    mistaken = load(service, f"{TWICE}\n{BOTH.replace('001', '002')}\n", {"@4": "precio"})
    assert remembered(service) == {"@4": "precio"}
    ended(service, service.client.post(f"/api/v1/jobs/{mistaken['id']}/undo"))
    assert remembered(service) == {"@3": "precio"}
    assert load(service, f"{TWICE}\n{BOTH}\n")["state"] == "completed"


def test_what_was_said_of_a_place_is_forgotten_with_what_it_had_hidden(service: Service) -> None:
    for code, place in (("001", "@3"), ("002", "@4")):
        load(service, f"{TWICE}\n{BOTH.replace('001', code)}\n", {place: "precio"})
    assert service.client.delete("/api/v1/schemas/products/mappings/@4").status_code == 204
    assert remembered(service) == {}


def test_an_undo_that_does_not_end_leaves_what_its_load_said(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise InvalidInput("enough")

    done = load(service, f"{TWICE}\n{BOTH}\n", {"@4": "precio"})
    with monkeypatch.context() as patch:
        patch.setattr(import_module("tolva.workloads.intake.undo_load"), "undo_chunk", failing)
        undo = ended(service, service.client.post(f"/api/v1/jobs/{done['id']}/undo"))
    assert (undo["state"], remembered(service)) == ("failed", {"@4": "precio"})
    replay(service, undo["id"])
    assert remembered(service) == {}


def late(service: Service, monkeypatch: pytest.MonkeyPatch, content: str, **said: str) -> str:
    """A load that has failed, for reasons of the table, and is to be replayed."""

    def failing(_conn: psycopg.Connection, _schema: Schema) -> None:
        raise InvalidInput("enough")

    with monkeypatch.context() as patch:
        patch.setattr(load_module, "hold_target", failing)
        return ended(service, upload(service, content, **said))["id"]


def replay(service: Service, id: str) -> None:
    assert service.client.post(f"/api/v1/dead-letters/{id}/replay").status_code == 202
    with working(service):
        until(lambda: service.client.get(f"/api/v1/jobs/{id}").json()["state"] == "completed", 30)


NETO = TWICE.replace("precio,precio", "Neto,Bruto")


@pytest.mark.parametrize(
    ("header", "older", "newer", "then"),
    [
        (TWICE, {"@3": "precio"}, {"@4": "precio"}, "@4"),
        (f"{TWICE},Neto", {"@4": "precio"}, {"Neto": "precio"}, "Neto"),
        (NETO, {"Neto": "precio"}, {"Bruto": "precio"}, None),  # asked: both headers were said to be it
    ],
)
def test_a_load_that_ends_late_does_not_overrule_what_a_newer_one_said_of_columns(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    header: str,
    older: dict[str, str],
    newer: dict[str, str],
    then: str | None,
) -> None:
    content = f"{header}\n{BOTH}{',7' * (header.count(',') - 5)}\n"
    slow = late(service, monkeypatch, content, mapping=json.dumps(older))
    load(service, content, newer)
    replay(service, slow)
    last = load(service, content)
    told = [match["column"] for match in last["progress"].get("matches", []) if match["field"] == "precio"]
    assert told == ([then] if then else []), last["error"]


@pytest.mark.parametrize("newer", ["es-MX", ""])
def test_a_load_that_ends_late_does_not_overrule_what_a_newer_one_said_of_numbers(
    service: Service, monkeypatch: pytest.MonkeyPatch, newer: str
) -> None:
    slow = late(service, monkeypatch, STOCK, read=json.dumps({"locale": "es-CO"}))
    read_as(service, f"{STOCK}002,Gasas,12.5,CS-1,3,7\n", newer)
    replay(service, slow)
    assert locales(service) == [newer] * bool(newer)


def test_of_loads_that_said_the_same_the_last_are_remembered(
    service: Service, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (said_locale_module, mappings_module):
        monkeypatch.setattr(module, "WORDS_KEPT", 2)
    rows = STOCK.replace("precio", "Importe")
    said = {"mapping": json.dumps({"Importe": "precio"}), "read": json.dumps({"locale": "es-CO"})}
    ids = [ended(service, upload(service, rows.replace("001", f"00{n}"), **said))["id"] for n in range(3)]
    for words in (b"SELECT job_id FROM tolva.mappings", b"SELECT job_id FROM tolva.locales"):
        assert sorted(str(id) for (id,) in admin.execute(words)) == ids[1:]


def test_a_load_that_goes_on_later_reads_the_rest_as_it_read_the_beginning(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[object] = []

    def failing(conn: psycopg.Connection, _schema: Schema) -> None:
        held.append(conn)
        if len(held) > 1:
            raise InvalidInput("enough")

    url = "/api/v1/schemas/products/mappings"
    header, row = f"{HEADER},stock".replace("nombre", "Cosa"), "Guantes,1.234,CS-1,3,1.000"
    mapping = json.dumps({"Cosa": "nombre"})

    def said(locale: str) -> None:
        read = json.dumps({"locale": locale})
        ended(service, upload(service, f"{header}\n900,{row}\n", mapping=mapping, read=read))

    said("es-CO")
    with monkeypatch.context() as patch:
        patch.setattr(load_module, "hold_target", failing)
        failed = load(service, "\n".join([header, *(f"{n:03},{row}" for n in range(20))]))
    assert (failed["state"], failed["progress"]["successful"]) == ("failed", 10)
    said("en-US")
    service.client.delete(f"{url}/Cosa")
    assert service.client.post(f"/api/v1/dead-letters/{failed['id']}/replay").status_code == 202
    with working(service):
        done = until(lambda: _completed(service, failed["id"]), 30)
    assert {price for code, _, price in products(service) if code < "900"} == {"1234.0000"}
    assert done["progress"]["read"]["remembered_locale"] == "es-CO"


def _completed(service: Service, id: str) -> dict[str, Any] | None:
    view = service.client.get(f"/api/v1/uploads/{id}").json()
    return view if view["state"] == "completed" else None


def test_a_load_after_a_dry_run_reads_as_that_did_unless_something_else_is_said(service: Service) -> None:
    read_as(service, STOCK, "es-CO")
    dry = ended(service, upload(service, STOCK.replace("001", "002"), dry_run="true"))
    service.client.delete("/api/v1/schemas/products/mappings")
    url = f"/api/v1/uploads/{dry['id']}"
    assert service.client.get(f"{url}/preview").json()["remembered_locale"] == "es-CO"
    again = ended(service, service.client.post(f"{url}/load", json={"dry_run": True}))
    assert asked(again) == ["precio", "stock"]  # what it would do now
    other = ended(service, service.client.post(f"{url}/load", json={"read": {"locale": ""}}))
    assert other["result"]["rejected"] == 1
    done = ended(service, service.client.post(f"{url}/load", json={}))
    assert done["progress"]["read"]["remembered_locale"] == "es-CO"
    assert products(service)[1] == ("002", "Guantes", "1234.0000")


def test_a_dry_run_remembers_nothing_and_reads_as_a_load_would(service: Service) -> None:
    said = json.dumps({"locale": "es-CO"})
    ended(service, upload(service, STOCK, "a.csv", read=said, dry_run="true"))
    assert asked(load(service, STOCK)) == ["precio", "stock"]
    read_as(service, STOCK, "es-CO")
    assert ended(service, upload(service, STOCK, "a.csv", dry_run="true"))["result"]["rejected"] == 0


def test_a_workbook_to_correct_is_read_as_its_file_was(service: Service) -> None:
    read_as(service, STOCK, "es-CO")
    rows = f"{HEADER},stock\n002,Gasas,1.234,CS-1,3,x\n"
    first = load(service, rows)
    service.client.delete("/api/v1/schemas/products/mappings")
    sheet = service.client.get(f"/api/v1/jobs/{first['id']}/errors", params={"format": "xlsx"}).content
    cells = fastexcel.read_excel(sheet).load_sheet(0, header_row=None).to_polars().rows()
    assert cells[1][2] == "1234"  # as the load read it, not as one would now
    read_as(service, STOCK, "es-CO")
    mended = io.BytesIO()
    with xlsxwriter.Workbook(mended) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, cells[0])
        page.write_row(1, 0, ["002", "Gasas", "12.000", "CS-1", "3", "7"])
    done = ended(service, upload(service, mended.getvalue(), "corregir.xlsx"))
    assert done["progress"]["read"]["remembered_locale"] == "es-CO"
    assert products(service)[1] == ("002", "Gasas", "12000.0000")


def test_a_question_is_no_dead_letter(service: Service) -> None:
    asked = load(service, "a,b,c,d,e\n001,Guantes,1.50,CS-1,3\n")
    assert (asked["state"], asked["error"]["type"]) == ("failed", "Unanswered")
    assert service.client.get("/api/v1/dead-letters").json()["dead_letters"] == []
