"""Files of which no row can be loaded while nobody says how their numbers and dates are meant."""

from tests.intake.test_uploads import ended, products, upload
from tests.service import Service

HEADER = "codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias,fecha_vencimiento\n"
UNCLEAR = "001,Guantes,1.234,CS,3,\n"


def test_it_is_asked_and_answered_by_a_locale(service: Service) -> None:
    for dry_run in (True, False):
        asked = ended(service, upload(service, HEADER + UNCLEAR * 30, dry_run=dry_run))
        assert (asked["state"], asked["error"]["type"]) == ("failed", "Unanswered")
        assert asked["error"]["unclear"] == ["precio"]
    assert len(open_questions(service)) == 2
    errors = service.client.get(f"/api/v1/jobs/{asked['id']}/errors").json()["errors"]
    assert errors == [], "no row was refused: it was asked before"
    answer = service.client.post(f"/api/v1/uploads/{asked['id']}/load", json={"read": {"locale": "es-CO"}})
    assert ended(service, answer)["state"] == "completed"
    assert products(service) == [("001", "Guantes", "1234.0000")]
    assert open_questions(service) == []


def open_questions(service: Service) -> list[dict[str, str]]:
    return service.client.get("/api/v1/jobs", params={"open_question": True}).json()["jobs"]


def test_dates_are_asked_for_likewise(service: Service) -> None:
    asked = ended(service, upload(service, HEADER + "001,Guantes,1,CS,3,03/04/2027\n"))
    assert asked["error"]["unclear"] == ["fecha_vencimiento"]


def test_what_is_wrong_besides_does_not_keep_it_from_being_asked(service: Service) -> None:
    asked = ended(service, upload(service, f"{HEADER}{UNCLEAR}002,,1.234,CS,3,\n003,Gasas,x,CS,3,\n"))
    assert asked["error"]["unclear"] == ["precio"]


def test_nothing_is_asked_where_a_row_can_be_loaded(service: Service) -> None:
    done = ended(service, upload(service, f"{HEADER}{UNCLEAR * 20}002,Gasas,1,CS,3,\n"))
    assert (done["state"], done["result"]["created"], done["result"]["rejected"]) == ("completed", 1, 20)


def test_nothing_is_asked_where_an_answer_would_bring_no_row_in(service: Service) -> None:
    """Each row is wrong otherwise, or the column contradicts itself, or it was said that there is no answer."""
    for rows, read in (
        ("001,,1.234,CS,3,\n", "{}"),
        ('001,,"12,5",CS,3,\n002,,12.5,CS,3,\n003,Gasas,1.234,CS,3,\n', "{}"),
        (UNCLEAR, '{"locale": ""}'),
    ):
        done = ended(service, upload(service, HEADER + rows, read=read))
        assert (done["state"], done["result"]["accepted"]) == ("completed", 0)


def test_pages_lead_to_where_it_is_said(service: Service) -> None:
    dry, load = (ended(service, upload(service, HEADER + UNCLEAR, dry_run=dry))["id"] for dry in (True, False))
    for page in (f"/jobs/{load}", "/upload"):
        told = service.client.get(page, headers={"accept-language": "en"}).text
        assert f'href="/uploads/{load}#signs">Say how numbers and dates are meant' in told
    for id in (dry, load):
        told = service.client.get(f"/uploads/{id}", headers={"accept-language": "en"}).text
        assert '<select name="read.locale" id="signs" aria-invalid="true">' in told
        assert "No row can be loaded: there are values that can be read in two ways" in told
