"""The start page: its figures are those of the lists that they lead to, and of what people asked for."""

import json
import re
from uuid import UUID

import pytest

from tests.api.moved import asking, claim, fail, failed, queued
from tests.pages.reader import get
from tests.service import Service
from tolva.core.job import JobId, NewJob
from tolva.jobs import store
from tolva.jobs.store import new_job_id
from tolva.web.access.caller import ANYONE_HERE
from tolva.web.steering import pause_for_tenant
from tolva.workloads.webhooks.event import KIND

FIGURE = re.compile(r'<a class="figure[^"]*" href="(/jobs[^"]+)"><b>(\d+)</b>')


def figures(service: Service) -> dict[str, int]:
    """By address."""
    return {address: int(number) for address, number in FIGURE.findall(get(service, "/"))}


def listed(service: Service, address: str) -> int:
    return get(service, address).count('<tr id="job-')


def id_of_two_days_ago() -> JobId:
    """A UUIDv7 begins with milliseconds."""
    return JobId(str(UUID(int=UUID(new_job_id()).int - (2 * 86_400_000 << 80))))


@pytest.fixture
def made_long_ago(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs of two days ago (their ids say so): three failed just now, and one two hours ago."""
    with monkeypatch.context() as then:
        then.setattr(store, "new_job_id", id_of_two_days_ago)
        [old, *_] = failed(service, 4)
    with service.jobs.db.transaction("default") as conn:
        conn.execute("UPDATE tolva.jobs SET finished_at = finished_at - interval '2 hours' WHERE id = %s", (old,))


@pytest.mark.usefixtures("made_long_ago")
def test_each_figure_leads_to_as_many_jobs(service: Service) -> None:
    queued(service)
    claim(service)
    queued(service, 2)
    with service.jobs.work("default") as work:
        work.enqueue(NewJob(KIND, {"webhook": "w", "event": {}}, label="shop.example.com"))
    told = figures(service)
    assert sorted(told.values()) == [0, 1, 2, 3]
    assert {address: listed(service, address) for address in told} == told
    assert (listed(service, "/jobs"), listed(service, "/jobs?kind=")) == (7, 8), "everything where no kind is asked for"


def test_deliveries_of_webhooks_are_not_among_the_latest_jobs_and_are_found_by_their_kind(service: Service) -> None:
    queued(service, label="p.csv")
    with service.jobs.work("default") as work:
        work.enqueue(NewJob(KIND, {"webhook": "w", "event": {}}, label="shop.example.com"))
    home = get(service, "/")
    assert "p.csv" in home and "shop.example.com" not in home
    assert "shop.example.com" in get(service, f"/jobs?kind={KIND}")
    for address in ("/jobs?kind=", "/jobs?queue=webhooks", "/jobs?search=shop"):
        assert "shop.example.com" in get(service, address)
    for address in ("/jobs", "/jobs?state=queued", "/jobs?kind=asked-for"):
        assert "p.csv" in (page := get(service, address)) and "shop.example.com" not in page


def test_the_filter_of_what_people_asked_for_is_chosen_only_where_it_holds(service: Service) -> None:
    chosen = '<option value="asked-for" selected>'
    assert chosen in get(service, "/jobs?kind=asked-for") and chosen in get(service, "/jobs")
    kinds = "&".join(f"kind={kind}" for kind in service.jobs.catalogue.asked_for)
    assert chosen not in get(service, f"/jobs?{kinds}") and chosen not in get(service, "/jobs?kind=")


def test_open_questions_have_a_list_of_their_own_and_are_told_from_failures(service: Service) -> None:
    asking(service, 2)
    assert 'class="figure" href="/jobs?state=failed' in get(service, "/"), "it is not red"
    failed(service)
    home = get(service, "/")
    assert 'class="figure bad" href="/jobs?state=failed' in home
    assert "2 of them wait for an answer" in home
    assert 'aria-label="In the last hour, 0 jobs were completed; failed: 1. 2 left a question open."' in home
    points = json.loads(re.findall(r'data-points="(.*?)"', home)[0])
    assert [sum(point[n] for point in points) for n in (1, 2, 3)] == [0, 2, 1]
    assert [listed(service, f"/jobs?state={each}") for each in ("open-question", "failed")] == [2, 3]
    assert '<option value="open-question" selected>' in get(service, "/jobs?state=open-question")


@pytest.mark.usefixtures("made_long_ago")
def test_what_failed_is_still_told_where_the_hour_has_passed(service: Service) -> None:
    with service.jobs.db.transaction("default") as conn:
        conn.execute("UPDATE tolva.jobs SET finished_at = finished_at - interval '2 hours'")
    assert figures(service)["/jobs?state=failed&ended=hour&kind=asked-for"] == 0
    assert listed(service, "/jobs?ended=day") == 4
    assert "it broke" in get(service, "/")


def test_a_paused_queue_is_told(service: Service) -> None:
    queued(service)
    fail(service)
    assert "is paused" not in get(service, "/")
    pause_for_tenant(service.jobs, ANYONE_HERE, "bulk_upload", paused=True)
    assert "is paused" in get(service, "/")
