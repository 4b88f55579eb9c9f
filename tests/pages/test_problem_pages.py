"""Errors as pages: in the reader's language, with the headers that any answer of that kind has."""

from html import unescape

import httpx
import pytest

from tests.pages.reader import HTML
from tests.service import Service

SPANISH = HTML | {"Accept-Language": "es"}


def told(answer: httpx.Response) -> str:
    return unescape(answer.text)


@pytest.mark.parametrize("address", ["/nowhere", "/jobs/nowhere", "/jobs/01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10"])
def test_what_is_not_there_is_told_in_the_readers_language(service: Service, address: str) -> None:
    answer = service.client.get(address, headers=SPANISH)
    assert answer.status_code == 404
    assert "La dirección no lleva a ninguna parte" in told(answer)


def test_a_bad_id_in_a_call_of_the_api_is_still_an_invalid_request(service: Service) -> None:
    assert service.client.get("/api/v1/jobs/nowhere", headers=SPANISH).status_code == 422


def test_a_method_that_a_page_does_not_take_names_those_that_it_does(service: Service) -> None:
    answer = service.client.delete("/keys", headers=SPANISH)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert "use sus botones" in told(answer)


def test_a_choice_that_there_is_not_is_told_without_the_words_of_a_library(service: Service) -> None:
    answer = service.client.post("/keys", data={"name": "x", "role": "king"}, headers=SPANISH)
    assert answer.status_code == 422
    assert "no está entre sus opciones" in told(answer) and "Input should be" not in told(answer)


def test_preferences_are_not_set_by_another_site_and_stay_on_https(service: Service) -> None:
    given = {"lang": "es", "theme": "dark"}
    theirs = service.client.post("/preferences", data=given, headers={"Sec-Fetch-Site": "cross-site"})
    assert (theirs.status_code, theirs.headers.get("set-cookie")) == (403, None)
    ours = service.client.post("/preferences", data=given, headers={"X-Forwarded-Proto": "https"})
    assert [cookie.endswith("Secure") for cookie in ours.headers.get_list("set-cookie")] == [True, True]


@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False)])
def test_what_the_next_page_is_to_tell_stays_on_https(service: Service, scheme: str, secure: bool) -> None:
    answer = service.client.post("/queues/bulk_upload/pause", headers={"X-Forwarded-Proto": scheme})
    [cookie] = answer.headers.get_list("set-cookie")
    assert cookie.startswith("tolva_told=paused") and cookie.endswith("Secure") is secure


@pytest.mark.parametrize("zone", ["Mars/Base", "Etc/Unknown", "America", "../../etc/passwd", ""])
@pytest.mark.parametrize("address", ["/login", "/jobs", "/no/such/page"])
def test_a_time_zone_that_the_server_does_not_know_is_utc(lasting_service: Service, zone: str, address: str) -> None:
    answer = lasting_service.client.get(address, headers=HTML | {"Cookie": f"tolva_tz={zone}"})
    assert answer.status_code < 500 and "<html" in answer.text


def test_commands_in_what_errors_say_are_code(service: Service) -> None:
    refused = service.client.post("/login", data={"key": "tolva_nobody"}, headers=HTML).text
    assert "<code>tolva key create</code> makes one." in refused
    assert "`" not in refused
