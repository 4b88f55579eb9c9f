"""The upload and status calls, to the letter of the catalog contract."""

import io
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable
from http.client import HTTPResponse
from typing import Any

import httpx
import psycopg
import pytest
import xlsxwriter

from tests.conftest import Fresh
from tests.jobs.workshop import until
from tests.service import Service, working
from tolva.connectors.folder import FolderWriter
from tolva.errors import DatabaseUnavailable
from tolva.web import arriving
from tolva.web.middleware import linger

UPLOAD = "/api/catalog/items/bulk-upload"
STATUS = "/api/catalog/bulk-upload/status"
HEADER = ("codigo", "nombre", "precio", "certificado_sanitario", "tiempo_entrega_dias")
GOOD = ("001", "Guantes", "1.50", "CS-1", "3")


def as_csv(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER) -> bytes:
    return "\n".join(",".join(row) for row in (header, *rows)).encode()


def as_xlsx(*rows: tuple[Any, ...], header: tuple[str, ...] = HEADER) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((header, *rows)):
            sheet.write_row(number, 0, row)
    return stream.getvalue()


def upload(service: Service, content: bytes, name: str = "productos.csv", **more: Any) -> httpx.Response:
    params = {"proveedor_id": "PROV001"} | more.pop("params", {})
    return service.client.post(more.pop("path", UPLOAD), params=params, files={"file": (name, content)}, **more)


def status(service: Service, task_id: str) -> dict[str, Any]:
    answer = service.client.get(f"{STATUS}/{task_id}")
    assert answer.status_code == 200
    return answer.json()


def await_end(service: Service, task_id: str) -> dict[str, Any]:
    return await_status(service, task_id, lambda view: view["status"] in ("completed", "failed"))


def await_status(service: Service, task_id: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        view = status(service, task_id)
        if fits(view):
            return view
        time.sleep(0.02)
    raise AssertionError(f"it stays {view}")


def load(service: Service, content: bytes, name: str = "productos.csv", **more: Any) -> dict[str, Any]:
    with working(service):
        return await_end(service, upload(service, content, name, **more).json()["task_id"])


def stored_files(service: Service) -> list[str]:
    folder = service.settings.data_dir / "files"
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_an_upload_is_accepted_with_the_contracts_answer(service: Service) -> None:
    answer = upload(service, as_csv(GOOD))
    body = answer.json()
    assert answer.status_code == 202
    assert str(uuid.UUID(body["task_id"])) == body["task_id"]
    assert body == {
        "message": "Archivo recibido y encolado para procesamiento",
        "task_id": body["task_id"],
        "status": "pending",
        "status_url": f"/api/catalog/bulk-upload/status/{body['task_id']}",
        "filename": "productos.csv",
        "proveedor_id": "PROV001",
    }


def test_both_paths_serve_and_name_themselves(service: Service) -> None:
    body = upload(service, as_csv(GOOD), path="/api/v1/catalog/items/bulk-upload").json()
    assert body["status_url"] == f"/api/v1/catalog/bulk-upload/status/{body['task_id']}"
    assert service.client.get(body["status_url"]).json()["task_id"] == body["task_id"]


def test_a_task_that_nobody_has_begun_is_pending(service: Service) -> None:
    view = status(service, upload(service, as_csv(GOOD)).json()["task_id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", view["created_at"])
    assert view | {"created_at": "", "updated_at": "", "task_id": ""} == {
        "task_id": "",
        "status": "pending",
        "filename": "productos.csv",
        "proveedor_id": "PROV001",
        "created_at": "",
        "updated_at": "",
        "progress": {"total": 0, "processed": 0, "successful": 0, "failed": 0},
        "result": None,
        "error": None,
    }


@pytest.mark.parametrize(("name", "make"), [("productos.csv", as_csv), ("productos.xlsx", as_xlsx)])
def test_good_and_bad_rows_are_told_apart_and_explained(service: Service, name: str, make: Any) -> None:
    rows = [GOOD, ("002", "Gasas", "abc", "CS-2", "4"), ("003", "Jeringas", "2", "", "5"), ("004", "", "2", "", "5")]
    view = load(service, make(*rows), name)
    assert view["status"] == "completed"
    assert view["progress"] == {"total": 4, "processed": 4, "successful": 1, "failed": 3}
    assert view["result"] | {"errores_url": ""} == {
        "mensaje": "Carga masiva completada",
        "resumen": {
            "total": 4,
            "exitosos": 1,
            "rechazados": 3,
            "duplicados": 0,
            "productos_creados": 1,
            "productos_actualizados": 0,
            "sin_cambios": 0,
        },
        "productos_creados": ["001"],
        "errores": [
            {"fila": 3, "error": 'precio: "abc" no es un número'},
            {"fila": 4, "error": "Campos obligatorios vacíos: certificado_sanitario"},
            {"fila": 5, "error": "Campos obligatorios vacíos: nombre, certificado_sanitario"},
        ],
        "errores_url": "",
        "columnas_ignoradas": [],
    }


def test_rows_count_as_if_applied_one_after_another(service: Service) -> None:
    load(service, as_csv(GOOD, ("002", "Gasas", "1", "CS-2", "1")))
    again = ("001", "Guantes", "9", "CS-1", "3")
    view = load(service, as_csv(again, GOOD, ("002", "Gasas", "1", "CS-2", "1"), ("003", "Nuevo", "1", "CS", "1")))
    assert view["result"]["resumen"] == {
        "total": 4,
        "exitosos": 4,
        "rechazados": 0,
        "duplicados": 1,
        "productos_creados": 1,
        "productos_actualizados": 2,
        "sin_cambios": 1,
    }
    with service.jobs.db.transaction("default") as conn:
        stored = conn.execute("SELECT codigo, precio::text FROM products ORDER BY codigo").fetchall()
    assert stored == [
        {"codigo": "001", "precio": "1.5000"},
        {"codigo": "002", "precio": "1.0000"},
        {"codigo": "003", "precio": "1.0000"},
    ]


def test_progress_is_seen_at_least_every_ten_rows_of_a_small_file(service: Service) -> None:
    task = upload(service, as_csv(*[(f"{n:03}", "X", "1", "CS", "1") for n in range(95)])).json()["task_id"]
    with working(service):
        await_end(service, task)
    with service.jobs.db.transaction("default") as conn:
        rows = conn.execute(
            "SELECT data FROM tolva.job_events WHERE job_id = %s AND type = 'progress' ORDER BY seq", (task,)
        ).fetchall()
    assert [row["data"]["processed"] for row in rows] == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95]


def test_the_full_error_list_is_a_csv_in_which_formulas_are_harmless(service: Service) -> None:
    view = load(service, as_csv(("001", "Guantes", '"=CMD(""x"")"', "CS-1", "3"), ("2", "x", "y;=CMD()", "CS-1", "3")))
    answer = service.client.get(view["result"]["errores_url"])
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "fila,columna,valor,codigo,error"
    assert lines[1].startswith("2,precio,\"'=CMD(")
    assert lines[2].startswith("3,precio,y;'=CMD(),")
    answer = service.client.get(view["result"]["errores_url"], params={"separator": "semicolon"})
    assert answer.content.decode("utf-8-sig").startswith("fila;columna;valor;codigo;error")


def test_a_long_header_is_cut_in_the_error_list(service: Service) -> None:
    long = HEADER[2] + " -" * 16_000
    view = load(service, as_csv(("001", "Guantes", "x", "CS-1", "3"), header=(*HEADER[:2], long, *HEADER[3:])))
    lines = service.client.get(view["result"]["errores_url"]).text.splitlines()
    assert lines[1].split(",")[1] == long[:200]


def test_dry_runs_and_loads_of_other_schemas_are_no_tasks_of_the_catalog(service: Service, fresh: Fresh) -> None:
    code = {"name": "code", "constraints": {"required": True, "maxLength": 20}}
    notes = {"title": "Notas", "target": "notas", "primaryKey": "code", "fields": [code]}
    assert service.client.put("/api/v1/schemas/notas", json=notes).status_code == 201
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as admin:
        admin.execute(service.client.get("/api/v1/schemas/notas/ddl").text.encode())
    sent = [
        ({"dry_run": "true", "params": '{"proveedor_id": "P"}'}, as_csv(GOOD)),
        ({"schema": "notas"}, b"code\nA\n"),
    ]
    for params, content in sent:
        made = service.client.post("/api/v1/uploads", params=params, files={"file": ("a.csv", content)})
        assert made.status_code == 202, made.text
        for base in (STATUS, "/api/catalog/bulk-upload/errores"):
            assert service.client.get(f"{base}/{made.json()['id']}").status_code == 404


def test_an_unknown_task_is_404(service: Service) -> None:
    for path in (
        f"{base}/{id}" for base in (STATUS, "/api/catalog/bulk-upload/errores") for id in (uuid.uuid4(), "xyz")
    ):
        answer = service.client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:tolva:not-found")


def test_a_file_without_a_required_column_fails_as_a_whole_and_writes_nothing(service: Service) -> None:
    view = load(service, as_csv(("001", "Guantes"), header=("codigo", "nombre")))
    assert view["status"] == "failed"
    assert "precio" in view["error"]
    with service.jobs.db.transaction("default") as conn:
        assert conn.execute("SELECT * FROM products").fetchall() == []


@pytest.mark.parametrize("make", [as_csv, as_xlsx])
def test_a_file_with_only_a_header_completes_and_says_that_there_was_nothing_to_load(
    service: Service, make: Any
) -> None:
    view = load(service, make(), "productos.csv" if make is as_csv else "productos.xlsx")
    assert view["status"] == "completed"
    assert view["result"]["resumen"]["total"] == 0
    assert "no hay nada que cargar" in view["result"]["mensaje"]


REFUSED = [
    ("productos.exe", as_csv(GOOD), 415),
    ("productos.xlsx", as_csv(GOOD), 415),
    ("productos.csv", as_xlsx(GOOD), 415),
    ("productos.csv", b"", 400),
    ("productos.xlsx", b"", 400),
    ("productos.csv", b"codigo\n" + b"x\n" * 600_000, 413),
    ("productos.xlsx", as_xlsx(GOOD)[:2000], 400),
]


@pytest.mark.parametrize(("name", "content", "code"), REFUSED, ids=lambda value: str(value)[:20])
def test_what_cannot_be_loaded_is_refused_at_once_and_not_stored(
    service: Service, name: str, content: bytes, code: int
) -> None:
    answer = upload(service, content, name)
    assert answer.status_code == code, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert stored_files(service) == []
    with service.jobs.db.transaction("default") as conn:
        assert conn.execute("SELECT id FROM tolva.jobs").fetchall() == []


@pytest.mark.parametrize(
    "request_", [{"data": {"file": "text"}}, {"content": b"x"}, {"files": {"other": ("a.csv", b"a")}}], ids=str
)
def test_a_request_without_the_file_says_what_to_send(service: Service, request_: dict[str, Any]) -> None:
    answer = service.client.post(UPLOAD, params={"proveedor_id": "P"}, **request_)
    assert answer.status_code == 400
    assert "multipart/form-data" in answer.json()["detail"]


def test_a_supplier_is_required_and_must_hold_something(service: Service) -> None:
    for params in ({}, {"proveedor_id": ""}, {"proveedor_id": " "}):
        answer = service.client.post(UPLOAD, params=params, files={"file": ("a.csv", as_csv(GOOD))})
        assert 400 <= answer.status_code < 500
        assert "proveedor_id" in answer.json()["detail"]


def test_bytes_cut_off_in_mid_upload_leave_nothing(service: Service) -> None:
    def half() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + as_csv(GOOD)

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = service.client.post(UPLOAD, params={"proveedor_id": "P"}, content=half(), headers=headers)
    assert (answer.status_code, stored_files(service)) == (400, [])


HEAD = b'--b\r\nContent-Disposition: form-data; name="%s"; filename="a.csv"\r\n\r\n'
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def answer_to_a_beginning(service: Service, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    """What is answered to an upload of which no more comes than this."""
    url = httpx.URL(service.client.base_url)
    given = {"Host": "localhost"} | headers
    lines = [f"POST {UPLOAD}?proveedor_id=P HTTP/1.1", *(f"{n}: {v}" for n, v in given.items()), "", ""]
    with socket.create_connection((url.host, url.port or 0), timeout=10) as line:
        line.sendall("\r\n".join(lines).encode() + body)
        answer = HTTPResponse(line)
        answer.begin()
        return answer.status, answer.read()


def test_an_upload_that_falls_silent_is_ended_and_leaves_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "LONGEST_SILENCE", 0.2)
    answer = answer_to_a_beginning(service, FORM | {"Content-Length": "9999"}, HEAD % b"file" + as_csv(GOOD))
    status, told = answer
    assert status == 400
    assert b"fell silent" in told
    assert stored_files(service) == []


def test_a_slow_disk_is_not_the_senders_silence(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "LONGEST_SILENCE", 0.2)
    monkeypatch.setattr(arriving, "STRETCH", 1)  # each piece is written before the next is read
    write = FolderWriter.write

    def slowly(writer: FolderWriter, data: bytes) -> None:
        threading.Event().wait(0.5)
        write(writer, data)

    monkeypatch.setattr(FolderWriter, "write", slowly)
    assert upload(service, as_csv(GOOD)).status_code == 202


def test_what_a_form_holds_besides_the_file_is_limited_too(service: Service) -> None:
    def endless() -> Any:
        yield HEAD % b"note"
        for _ in range(200):
            yield b"x" * 10_000

    answer = service.client.post(UPLOAD, params={"proveedor_id": "P"}, content=endless(), headers=FORM)
    assert answer.status_code == 413
    assert "TOLVA_UPLOAD_MAX_MB" in answer.json()["detail"]


def test_what_is_announced_as_too_large_is_refused_before_it_is_sent(service: Service) -> None:
    status, _ = answer_to_a_beginning(service, FORM | {"Content-Length": str(10**9)}, b"")
    assert status == 413


def upload_head(service: Service, length: int, **headers: str) -> tuple[tuple[str, int], bytes]:
    """Where an upload goes, and all of it before its body."""
    url = httpx.URL(service.client.base_url)
    named = FORM | {"Host": "localhost", "Connection": "close", "Content-Length": str(length)} | headers
    lines = [f"POST {UPLOAD}?proveedor_id=P HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    return (url.host, url.port or 0), "\r\n".join([*lines, "", ""]).encode()


def sent_whole(service: Service, length: int, body: bytes, **headers: str) -> bytes:
    """Everything that comes back to a client that reads only when it has sent all, up to the end of the connection."""
    address, head = upload_head(service, length, **headers)
    with socket.create_connection(address, timeout=30) as line:
        line.sendall(head + body)
        return line.makefile("rb").read()


def test_who_sends_on_after_a_refusal_can_read_why(service: Service) -> None:
    much = 32 * 1024**2  # more than the buffers of a connection hold
    answer = sent_whole(service, much, bytes(much))
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"TOLVA_UPLOAD_MAX_MB" in answer


def test_who_stops_sending_after_a_refusal_is_not_waited_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linger, "SILENCE", 0.2)
    monkeypatch.setattr(linger, "LONGEST", 300)
    began = time.monotonic()
    assert sent_whole(service, 10**9, b"").startswith(b"HTTP/1.1 413")
    assert time.monotonic() - began < 10


def test_who_drips_on_after_a_refusal_is_not_waited_for_for_ever(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linger, "SILENCE", 300)
    monkeypatch.setattr(linger, "LONGEST", 0.5)
    address, head = upload_head(service, 10**9)

    def hung_up(line: socket.socket) -> bool:
        try:
            line.sendall(b"x")
        except ConnectionError:
            return True
        return False

    with socket.create_connection(address, timeout=30) as line:
        line.sendall(head)
        until(lambda: hung_up(line), 10)


def test_who_waits_to_be_asked_for_a_body_is_not_waited_for_when_refused(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linger, "SILENCE", 300)
    monkeypatch.setattr(linger, "LONGEST", 300)
    answer = sent_whole(service, 10**9, b"", Expect="100-continue")
    assert answer.startswith(b"HTTP/1.1 413")
    assert answer.count(b"HTTP/1.1") == 1


def test_a_database_that_is_away_is_told_without_its_address(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise DatabaseUnavailable("connection to server at 10.0.0.7 failed: no password for user tolva")

    monkeypatch.setattr(service.jobs.db, "_get", away)
    answer = upload(service, as_csv(GOOD))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    health = service.client.get("/health")
    told = {name: health.json()[name] for name in ("status", "database", "blobs")}
    assert (health.status_code, told) == (
        503,
        {"status": "unavailable", "database": "does not answer", "blobs": "ok"},
    )
    assert "10.0.0.7" not in answer.text + health.text
    assert "some seconds" in answer.json()["detail"]


def test_an_upload_that_the_database_does_not_take_leaves_no_file(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(service.jobs.db, "_get", away)
    assert upload(service, as_csv(GOOD)).status_code == 503
    assert stored_files(service) == []


def test_a_fault_of_the_server_is_told_without_its_words(service: Service, fresh: Fresh) -> None:
    """They may name hosts, folders and statements; the operator finds them with the job."""
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as admin:
        admin.execute("ALTER TABLE products RENAME TO elsewhere")
        task = upload(service, as_csv(GOOD)).json()["task_id"]
        admin.execute("UPDATE tolva.jobs SET max_attempts = 1")
    with working(service):
        view = await_end(service, task)
    assert view["status"] == "failed"
    assert view["error"].endswith(f"tolva jobs show {task}")
    assert "products" not in view["error"]


def test_the_same_idempotency_key_gives_the_same_task(service: Service) -> None:
    headers = {"Idempotency-Key": "k1"}
    tasks = {upload(service, as_csv(GOOD), headers=headers).json()["task_id"] for _ in range(3)}
    other = upload(service, as_csv(GOOD), headers={"Idempotency-Key": "k2"}).json()["task_id"]
    assert len(tasks) == 1
    assert other not in tasks
    assert len(stored_files(service)) == 2


def test_an_idempotency_key_that_was_used_for_something_else_is_refused(service: Service) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = upload(service, as_csv(GOOD), headers=headers).json()["task_id"]
    for answer in (
        upload(service, as_csv(GOOD, ("002", "Gasas", "1", "CS-2", "4")), headers=headers),
        upload(service, as_csv(GOOD), headers=headers, params={"proveedor_id": "PROV002"}),
    ):
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:tolva:conflict")
        assert answer.json()["detail"].startswith("La Idempotency-Key ya se usó con otro archivo, proveedor o locale")
        assert first in answer.json()["detail"]
    assert len(stored_files(service)) == 1


def test_how_numbers_are_meant_can_be_said_with_the_file(service: Service) -> None:
    rows = as_csv(("001", "Guantes", "1.234", "CS-1", "3"))
    asked = load(service, rows)
    assert (asked["status"], "(locale es-CO)" in asked["error"]) == ("failed", True)
    said = load(service, rows, params={"locale": "es-CO"})
    assert said["result"]["resumen"]["productos_creados"] == 1
    wrong = upload(service, rows, params={"locale": "zz-ZZ"})
    assert (wrong.status_code, "es-CO" in wrong.json()["detail"]) == (400, True)


def test_the_api_describes_the_file_of_an_upload(service: Service) -> None:
    call = service.client.get("/openapi.json").json()["paths"][UPLOAD]["post"]
    assert call["requestBody"]["content"]["multipart/form-data"]["schema"]["required"] == ["file"]


def test_a_name_with_a_path_or_odd_letters_is_only_a_name(service: Service) -> None:
    body = upload(service, as_csv(GOOD), "../../Año ☃/lista.csv").json()
    assert status(service, body["task_id"])["filename"] == "lista.csv"


def test_two_loads_of_the_same_keys_at_once_create_each_once(service: Service) -> None:
    rows = [(f"{n:04}", "X", "1", "CS", "1") for n in range(300)]
    tasks = [upload(service, as_csv(*rows)).json()["task_id"] for _ in range(2)]
    with working(service):
        views = [await_end(service, task) for task in tasks]
    created = [view["result"]["resumen"]["productos_creados"] for view in views]
    unchanged = [view["result"]["resumen"]["sin_cambios"] for view in views]
    assert (sum(created), sum(unchanged)) == (300, 300)


def test_status_answers_while_uploads_are_received(service: Service) -> None:
    task = upload(service, as_csv(GOOD)).json()["task_id"]
    arrived = threading.Event()

    def slow() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        arrived.wait(10)
        yield as_csv(GOOD) + b"\r\n--b--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answers: list[int] = []

    def send() -> None:
        url = service.client.base_url.join(UPLOAD)
        answers.append(httpx.post(url, params={"proveedor_id": "P"}, content=slow(), headers=headers).status_code)

    sender = threading.Thread(target=send)
    sender.start()
    assert status(service, task)["status"] == "pending"
    arrived.set()
    sender.join()
    assert answers == [202]
