"""Files that bring the refused rows of a load mended: they are read as that load was."""

import io
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import fastexcel
import httpx
import psycopg
import xlsxwriter

from tests.intake.test_schemas import SALES, make_table, put
from tests.intake.test_uploads import ended, products, upload
from tests.service import Service

HEADER = "codigo;nombre;precio;certificado_sanitario;tiempo_entrega_dias"
SHOWN = f"{HEADER}\nW1;uno;12,5;CS;3\nW2;dos;12.O00;CS;3\n"
"""Its first row tells that decimals follow a comma, and is taken."""
OPEN = f"{HEADER}\nW1;uno;7.250;CS;3\nW2;dos;12.O00;CS;3\n"
"""Nothing in it tells so."""
COLOMBIA = json.dumps({"locale": "es-CO"})
MEXICO = json.dumps({"locale": "es-MX"})


def workbook(service: Service, load: dict[str, Any], *, mended: Callable[[object], object]) -> bytes:
    """The workbook of refused rows, with its cells mended."""
    answer = service.client.get(f"/api/v1/jobs/{load['id']}/errors", params={"format": "xlsx"})
    cells = fastexcel.read_excel(answer.content).load_sheet(0).to_polars()
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        page = book.add_worksheet()
        for number, row in enumerate([cells.columns, *cells.rows()]):
            page.write_row(number, 0, [mended(cell) for cell in row])
    return made.getvalue()


def without_letters(cell: object) -> object:
    return "12.000" if cell == "12.O00" else cell


def corrected(service: Service, load: dict[str, Any], **params: Any) -> dict[str, Any]:
    book = workbook(service, load, mended=without_letters)
    return ended(service, upload(service, book, "corregir.xlsx", corrects=load["id"], **params))


def price(service: Service) -> str:
    return next(row[2] for row in products(service) if row[0] == "W2")


def test_a_correction_is_read_as_the_columns_of_its_load_showed(service: Service) -> None:
    load = ended(service, upload(service, SHOWN))
    book = workbook(service, load, mended=without_letters)
    alone = ended(service, upload(service, book, "corregir.xlsx"))
    assert alone["result"] is None or alone["result"]["rejected"] == 1
    done = corrected(service, load)
    assert (done["result"]["created"], price(service)) == (1, "12000.0000")
    assert done["progress"]["read"]["notes"] == [
        'Los números y las fechas de "precio" se leen como en la carga que este archivo corrige.'
    ]
    seen = service.client.get(f"/api/v1/uploads/{done['id']}/preview").json()
    assert seen["notes"] == done["progress"]["read"]["notes"]
    assert seen["rows"][0]["errors"] == []


def test_a_correction_is_read_by_the_locale_that_was_said_with_its_load(service: Service) -> None:
    """Also of a dry run, whose words are remembered for no other file."""
    dry = ended(service, upload(service, OPEN, read=COLOMBIA, dry_run=True))
    assert corrected(service, dry)["result"]["rejected"] == 0
    assert price(service) == "12000.0000"


def test_what_is_said_with_a_correction_counts_more(service: Service) -> None:
    load = ended(service, upload(service, OPEN, read=COLOMBIA))
    assert corrected(service, load, read=MEXICO)["result"]["rejected"] == 0
    assert price(service) == "12.0000"


def test_a_correction_has_its_columns_from_the_answers_to_its_load(service: Service) -> None:
    rows = SHOWN.replace("precio", "Importe")
    dry = ended(service, upload(service, rows, mapping='{"Importe": "precio"}', dry_run=True))
    done = corrected(service, dry)
    assert (done["result"]["created"], done["progress"]["ignored_columns"]) == (1, [])
    assert [each["how"] for each in done["progress"]["matches"] if each["field"] == "precio"] == ["remembered"]


def test_the_load_after_the_dry_run_of_a_correction_and_its_own_correction_are_read_so_too(service: Service) -> None:
    load = ended(service, upload(service, SHOWN + "W3;tres;1.5O0;CS;3\n"))
    dry = corrected(service, load, dry_run=True)
    assert (dry["result"]["accepted"], dry["result"]["rejected"]) == (1, 1)
    answer = service.client.post(f"/api/v1/uploads/{dry['id']}/load", json={})
    assert ended(service, answer)["result"]["created"] == 1
    book = workbook(service, dry, mended=lambda cell: "1.500" if cell == "1.5O0" else cell)
    again = ended(service, upload(service, book, "corregir.xlsx", corrects=dry["id"]))
    assert again["result"]["created"] == 1
    assert ("W3", "tres", "1500.0000") in products(service)


def test_the_columns_that_the_workbook_has_from_tolva_are_not_told(service: Service) -> None:
    done = corrected(service, ended(service, upload(service, SHOWN)))
    seen = service.client.get(f"/api/v1/uploads/{done['id']}/preview").json()
    assert [each["name"] for each in seen["columns"]] == HEADER.split(";")
    for page in (f"/jobs/{done['id']}", f"/uploads/{done['id']}"):
        assert "⚠" not in service.client.get(page).text


def test_preview_and_page_of_a_correction_lead_to_its_load(service: Service) -> None:
    load = ended(service, upload(service, SHOWN))
    done = corrected(service, load)
    assert done["corrects"] == load["id"]
    for page in (f"/jobs/{done['id']}", f"/uploads/{done['id']}"):
        assert f'Correction of <a href="/jobs/{load["id"]}">a.csv · P1</a>' in service.client.get(page).text


def test_a_correction_of_nothing_or_of_other_data_is_refused(service: Service, admin: psycopg.Connection) -> None:
    gone = upload(service, SHOWN, corrects=str(UUID(int=0)))
    assert (gone.status_code, "to correct" in gone.json()["detail"]) == (404, True)
    load = ended(service, upload(service, SHOWN))
    put(service, SALES)
    make_table(admin)
    other = upload(service, "a", schema="ventas", params="{}", corrects=load["id"])
    assert (other.status_code, "was for the schema 'products'" in other.json()["detail"]) == (400, True)


def test_a_key_does_not_make_a_correction_of_another_upload(service: Service) -> None:
    def send(**params: Any) -> httpx.Response:
        return service.client.post(
            "/api/v1/uploads",
            params={"params": '{"proveedor_id": "P1"}', **params},
            files={"file": ("a.csv", SHOWN)},
            headers={"Idempotency-Key": "k"},
        )

    first = ended(service, send())
    assert send(corrects=first["id"]).status_code == 409
    assert send().json()["id"] == first["id"]
