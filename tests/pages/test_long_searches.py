"""A search among very many jobs says how far it looked, and goes on from there."""

import re

import psycopg
import pytest

from tests.api.moved import failed, queued
from tests.jobs.shrunk import shrink
from tests.pages.reader import get
from tests.service import Service
from tolva.core.job import JobId

LISTS = {
    "/jobs?state=failed&search=marzo": "None of those made since",
    "/dead-letters?search=marzo": "None of those that failed since",
}


@pytest.fixture
def oldest(service: Service, admin: psycopg.Connection) -> JobId:
    """The only failed job whose label has the word, where a search looks at one job at a time."""
    [old] = failed(service, label="marzo.csv")
    failed(service, 2, label="abril.csv")
    queued(service, 2, label="marzo.csv")
    shrink(admin, 1_000_000)
    return old


@pytest.mark.parametrize("address", LISTS)
def test_a_page_says_how_far_it_looked_and_leads_on(service: Service, oldest: JobId, address: str) -> None:
    page, pages = get(service, address), 1
    while oldest not in page:
        assert LISTS[address] in page
        [older] = re.findall(r'href="([^"]+)">Older<', page)
        page, pages = get(service, older), pages + 1
    assert pages == 3
    assert ">Newest<" in page


@pytest.mark.parametrize(("address", "listed"), [("/api/v1/jobs", "jobs"), ("/api/v1/dead-letters", "dead_letters")])
def test_over_http_an_empty_page_has_a_next_one(service: Service, oldest: JobId, address: str, listed: str) -> None:
    asked = {"search": "marzo"} | ({"state": "failed"} if listed == "jobs" else {})
    first = service.client.get(address, params=asked).json()
    second = service.client.get(address, params=asked | {"before": first["next"]}).json()
    third = service.client.get(address, params=asked | {"before": second["next"]}).json()
    assert first[listed] == second[listed] == []
    assert [each["id"] for each in third[listed]] == [oldest]


@pytest.mark.parametrize("address", ["/api/v1/jobs/replay", "/api/v1/dead-letters/replay"])
def test_what_is_done_to_all_that_match_reaches_the_oldest(service: Service, oldest: JobId, address: str) -> None:
    done = service.client.post(address, json={"search": "marzo"}).json()
    assert (done["matching"], done["replayed"], done["next"]) == (1, 1, None)
    assert service.client.get(f"/api/v1/jobs/{oldest}").json()["state"] == "queued"
