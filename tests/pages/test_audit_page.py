"""The page of the audit log."""

import ast
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

import tolva
from tests.api.moved import queued
from tests.pages.reader import get, log_in, post
from tests.service import Service
from tolva.web.access.audit import note
from tolva.web.access.caller import Caller, Role
from tolva.web.pages.deeds import DEEDS
from tolva.workloads import WORKLOADS

ANA = Caller("default", Role.ADMIN, "Ana & son")
KNOWN = {deed.action for deed in (*DEEDS, *(deed for workload in WORKLOADS for deed in workload.deeds))}


def noted(service: Service, action: str, target: object, **detail: object) -> None:
    with service.jobs.db.transaction("default") as conn:
        note(conn, ANA, action, target, **detail)


def actions() -> set[str]:
    """Every text in a call of `note`, or of what names its action, that has the form of an action."""
    texts = set[str]()
    for file in Path(tolva.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "note":
                whole = call.args[2:3]
                texts |= {str(text.value) for arg in whole for text in ast.walk(arg) if isinstance(text, ast.Constant)}
    return texts


def test_every_action_that_is_noted_is_told_in_words() -> None:
    assert len(actions()) > 15
    assert actions() - KNOWN == set()
    assert {"upload.load", "upload.dry_run"} <= KNOWN, "which are named by their kind of job"


@pytest.mark.parametrize(
    ("action", "target", "told", "page"),
    [
        ("job.cancel", "0198c5a1-7d21-7a90-8c3f-6e0b9f1d2c48", "canceló una tarea", "/jobs/{}"),
        ("schedule.put", "a night", "creó o cambió una programación", "/schedules?change=a%20night#form"),
        ("webhook.change", "0198c5a1-7d21-7a90-8c3f-6e0b9f1d2c48", "cambió un webhook", "/webhooks/{}"),
        ("queue.pause", "bulk_upload", "pausó una cola", "/queues#q-{}"),
        ("load.undo", "0198c5a1-7d21-7a90-8c3f-6e0b9f1d2c48", "deshizo una carga", "/jobs/{}"),
    ],
)
def test_a_line_is_a_sentence_in_the_readers_language_with_the_way_to_its_page(
    service: Service, action: str, target: str, told: str, page: str
) -> None:
    noted(service, action, target, job="0198c5a2-3e5a-7b22-a1d0-0f9e8d7c6b5a")
    shown = get(service, "/audit", **{"Accept-Language": "es"})
    assert f'title="{action}">{told}</span>' in shown
    assert f'href="{page.format(target)}"><code>{target}</code>' in shown
    assert 'tarea: <a href="/jobs/0198c5a2-3e5a-7b22-a1d0-0f9e8d7c6b5a">' in shown


def test_what_is_gone_or_of_a_workload_that_is_gone_is_told_without_a_link(service: Service) -> None:
    noted(service, "schedule.drop", "nightly")
    noted(service, "parcel.send", "P-7", weight=None)
    page = get(service, "/audit")
    assert "deleted a schedule" in page and ">parcel.send<" in page
    assert page.count("<code>nightly</code></td>") == page.count("<code>P-7</code></td>") == 1
    assert "weight" not in page, "what was not given is not told"


def test_the_link_of_a_key_leads_to_the_page_of_the_list_that_begins_with_it(service: Service) -> None:
    for name in ("first", "second"):
        log_in(service, Role.ADMIN)
        post(service, "/keys", name=name, role="admin", days="", token=name)
    second, first = service.client.get("/api/v1/audit?action=key.create").json()["lines"]
    href = f"/keys?first={first['target']}#key-{first['target']}"
    assert f'href="{href}"' in get(service, "/audit")
    page = get(service, href)
    assert f'id="key-{first["target"]}"' in page and f'id="key-{second["target"]}"' not in page


def test_the_log_is_narrowed_in_the_address_and_the_form_shows_by_what(service: Service) -> None:
    noted(service, "schedule.run", "nightly")
    noted(service, "schedule.pause", "weekly")
    log_in(service, Role.ADMIN)
    page = get(service, "/audit?actor=Ana+%26+son&action=schedule.run&target=")
    assert "<code>nightly</code>" in page and "<code>weekly</code>" not in page
    assert 'name="actor" value="Ana & son"' in page and 'value="schedule.run" selected' in page
    assert 'href="/audit?action=schedule.run&target=&actor=Ana+%26+son"' in page, "who, as a filter"
    for address in ("/audit?target=nobody", "/audit?action=no.such", "/audit?actor=%00x"):
        none = get(service, address)
        assert "No such lines." in none and 'href="/audit">Show all' in none
    assert "No such lines." not in get(service, "/audit?target=%20")


def test_an_empty_log_says_what_will_be_noted(service: Service) -> None:
    page = get(service, "/audit")
    assert "Nothing was noted yet" in page and '<form method="get"' not in page


def test_a_line_of_many_jobs_tells_how_many_and_old_lines_lead_to_the_newest(service: Service) -> None:
    ids = queued(service, 3)
    noted(service, "jobs.cancel", "3 jobs", jobs=ids)
    page = get(service, "/audit", **{"Accept-Language": "es"})
    assert ">3 tareas</td>" in page and ids[0] not in page
    assert "Newest" not in get(service, "/audit")
    assert 'href="/audit?target=3+jobs">Newest' in get(
        service, f"/audit?target=3+jobs&before={'f' * 8}-{'-'.join(['ffff'] * 3)}-{'f' * 12}"
    )


def test_what_a_line_adds_is_told_in_words(service: Service) -> None:
    noted(service, "schedule.put", "nightly", kind="webhook")
    noted(service, "locale.forget", "products", locale="es-CO")
    noted(service, "webhook.rotate", "0198c5a1-7d21-7a90-8c3f-6e0b9f1d2c48", force=False)
    page = get(service, "/audit", **{"Accept-Language": "es"})
    assert "números y fechas: es-CO" in page
    assert "tipo: Entrega de un webhook" in page and "force" not in page and "terminó de inmediato" not in page
    noted(service, "webhook.rotate", "0198c5a1-7d21-7a90-8c3f-6e0b9f1d2c48", force=True)
    assert "el secreto más antiguo terminó de inmediato" in get(service, "/audit", **{"Accept-Language": "es"})


def test_whoever_did_something_is_found_by_the_name_that_is_shown(service: Service) -> None:
    for actor, target in (("this machine", "nightly"), ("eva, command line", "weekly"), ("línea de comandos", "daily")):
        with service.jobs.db.transaction("default") as conn:
            note(conn, replace(ANA, actor=actor), "schedule.run", target)
    found = {
        name: [target for target in ("nightly", "weekly", "daily") if f"<code>{target}</code>" in page]
        for name in ("esta máquina", "this machine", "eva, línea de comandos", "línea de comandos")
        for page in [get(service, f"/audit?actor={quote(name)}", **{"Accept-Language": "es"})]
    }
    assert list(found.values()) == [["nightly"], ["nightly"], ["weekly"], ["daily"]]
    assert 'value="esta máquina"' in get(service, "/audit?actor=this+machine", **{"Accept-Language": "es"})
