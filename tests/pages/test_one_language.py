"""A page speaks one language: its reader's. What API and stored rows say does not change with it."""

from html import unescape

import httpx
import pytest
from psycopg.types.json import Jsonb

from tests.api.moved import fail, queued
from tests.pages.forms import Form, forms_of, texts_of
from tests.pages.reader import log_in
from tests.pages.test_sentences import SENTENCES
from tests.pages.test_upload_pages import ASKS, BAD, GOOD, loaded, send, went_to
from tests.service import Service
from tolva.web.access.caller import Role

SPANISH = {"Accept": "text/html", "Accept-Language": "es"}
ENGLISH = SPANISH | {"Accept-Language": "en"}
FROZEN = "The worker process was frozen."
SILENT = "example.com does not answer properly"
PAGES = ("/login", "/upload", "/jobs", "/schedules", "/queues", "/keys", "/webhooks", "/docs")
NONSENSE = ("", "x/y z", "9" * 300, "https://u:p@example.com:22/", "* * * * * *")
LOST = "The worker process ended by signal 9 while it ran this job."


def foreign(page: str, language: str) -> list[str]:
    """What it says in another language than its own, or in one that nobody knows."""
    reader = SENTENCES[language]
    return [text for text in texts_of(page) if reader.read(text) not in (None, text)] + page.split('<span lang="">')[1:]


def answer_to(service: Service, form: Form, text: str) -> httpx.Response:
    return service.client.post(form.action, data=form.filled(text), headers=SPANISH)


def test_no_form_answers_nonsense_or_a_refused_role_in_another_language(service: Service) -> None:
    id = loaded(service, GOOD)
    hook = webhook(service)
    pages = [service.client.get(page, headers=SPANISH).text for page in (*PAGES, f"/jobs/{id}", hook)]
    assert [foreign(page, "es") for page in pages] == [[]] * len(pages)
    forms = [form for page in pages for form in forms_of(page) if form.action not in ("/preferences", "/logout")]
    forms += [Form(f"/jobs/{id}/{act}") for act in ("cancel", "retry", "undo", "undo")] + [Form("/schedules/none/run")]
    answers = [answer_to(service, form, text) for form in forms for text in (NONSENSE if form.written else ("",))]
    assert [(each.url, said) for each in answers if (said := foreign(each.text, "es"))] == []
    assert {each.status_code for each in answers} >= {400, 401}, "most of it was refused"
    log_in(service, Role.VIEWER)
    refused = [answer_to(service, form, "") for form in forms if form.action != "/login"]
    assert 403 in {each.status_code for each in refused}
    assert [(each.url, said) for each in refused if (said := foreign(each.text, "es"))] == []


def webhook(service: Service) -> str:
    """The address of its page."""
    service.client.post("/webhooks", data={"url": "https://example.com/x", "event": "job.failed"}, headers=SPANISH)
    return f"/webhooks/{service.client.get('/api/v1/webhooks').json()['webhooks'][0]['id']}"


def test_who_presses_a_second_time_is_told_in_their_language(service: Service) -> None:
    hook, [job] = webhook(service), queued(service)
    fail(service, said=FROZEN)
    addresses = (f"{hook}/rotate", f"{hook}/rotate", f"/jobs/{job}/dismiss", f"/jobs/{job}/dismiss")
    presses = [service.client.post(each, data={"token": str(n)}, headers=SPANISH) for n, each in enumerate(addresses)]
    assert [press.status_code for press in presses] == [200, 409, 303, 409]
    assert [foreign(press.text, "es") for press in presses] == [[]] * 4
    assert "Su secreto ya se renovó" in presses[1].text and "fue descartada por 'esta máquina'" in unescape(
        presses[3].text
    )
    page = service.client.get(f"/jobs/{job}", headers=SPANISH).text
    assert foreign(page, "es") == [] and "por esta máquina" in page


def test_why_a_delivery_failed_is_told_once_and_in_the_readers_language(service: Service) -> None:
    hook = webhook(service)
    service.client.post(f"{hook}/test", data={"token": "x"}, headers=SPANISH)
    told = Jsonb({"type": "TryLater", "message": f"{SILENT}."}), Jsonb({"answer": f"{SILENT}: no answer in time"})
    with service.jobs.db.transaction("default") as conn:
        conn.execute(
            "UPDATE tolva.jobs SET attempt = 1, failures = 1, error = %s, checkpoint = %s WHERE queue = 'webhooks'",
            told,
        )
    page = service.client.get(hook, headers=SPANISH).text
    assert foreign(page, "es") == []
    assert page.count("no responde como debe") == page.count("no responde como debe: no respondió a tiempo") == 1


def test_why_a_worker_was_lost_is_told_on_the_timeline_in_the_readers_language(service: Service) -> None:
    id = loaded(service, GOOD)
    error = Jsonb({"attempt": 1, "error": {"type": "WorkerLost", "message": LOST}})
    with service.jobs.db.transaction("default") as conn:
        conn.execute("UPDATE tolva.job_events SET data = %s WHERE job_id = %s AND type = 'started'", (error, id))
    page = service.client.get(f"/jobs/{id}", headers=SPANISH).text
    assert "El proceso de trabajo terminó por la señal 9 mientras hacía esta tarea." in page


@pytest.mark.parametrize("headers", [ENGLISH, SPANISH, SPANISH | {"Accept-Language": "pt"}])
def test_what_is_said_of_files_is_read_in_the_readers_language(service: Service, headers: dict[str, str]) -> None:
    language = headers["Accept-Language"]
    bad = loaded(service, BAD + "004,Nota,,,\n")
    asks = went_to(send(service, ASKS, token="asks"))
    refused = service.client.post(
        "/upload",
        data={"schema": "products", "constant.proveedor_id": "P1"},
        files={"file": ("x.exe", b"MZ")},
        headers=headers,
    )
    pages = [service.client.get(page, headers=headers) for page in (f"/jobs/{bad}", f"/jobs/{bad}/errors", asks)]
    assert [foreign(page.text, language) for page in (*pages, refused)] == [[]] * 4
    said = {
        "en": ("Precio: “x” is not a number", "Required fields left empty: Nombre", "is not of a kind that is taken"),
        "es": ('Precio: "x" no es un número', "Campos obligatorios vacíos: Nombre", "no es de un tipo aceptado"),
        "pt": ("Precio: “x” não é um número", "Campos obrigatórios vazios: Nombre", "não é de um tipo aceito"),
    }[language]
    told = [" ".join(texts_of(each.text)) for each in (pages[0], pages[1], refused)]
    assert [text in page for text, page in zip(said, told, strict=True)] == [True] * 3
    errors = service.client.get(f"/api/v1/jobs/{bad}/errors", headers={"Accept-Language": language}).json()["errors"]
    assert 'precio: "x" no es un número' in {error["message"] for error in errors}


def test_an_answer_of_the_api_is_told_to_a_script_in_the_language_of_its_page(service: Service) -> None:
    told = service.client.get("/translate", params={"text": "El archivo está vacío."}, headers=ENGLISH)
    assert (told.status_code, told.text) == (200, "The file is empty.")
    assert service.client.get("/translate", params={"text": "Boom"}, headers=ENGLISH).text == "Boom"
