"""The start page: its figures are those of the lists that they lead to, and of what people asked for."""

import re

from tests.api.moved import claim, fail, failed, queued
from tests.pages.reader import get
from tests.service import Service
from tolva.core.job import NewJob
from tolva.web.access.caller import ANYONE_HERE
from tolva.web.steering import pause_for_tenant
from tolva.workloads.webhooks.event import KIND

FIGURE = re.compile(r'<a class="figure[^"]*" href="(/jobs[^"]+)"><b>(\d+)</b>')


def figures(service: Service) -> dict[str, int]:
    """By address."""
    return {address: int(number) for address, number in FIGURE.findall(get(service, "/"))}


def listed(service: Service, address: str) -> int:
    return get(service, address).count('<tr id="job-')


def made_long_ago(service: Service) -> None:
    """Jobs that ended just now, and one that did two hours ago."""
    with service.jobs.db.transaction("default") as conn:
        conn.execute("UPDATE tolva.jobs SET created_at = created_at - interval '2 days'")
    [old] = failed(service)
    with service.jobs.db.transaction("default") as conn:
        conn.execute("UPDATE tolva.jobs SET finished_at = finished_at - interval '2 hours' WHERE id = %s", (old,))


def test_each_figure_leads_to_as_many_jobs(service: Service) -> None:
    failed(service, 3)
    made_long_ago(service)
    queued(service)
    claim(service)
    queued(service, 2)
    with service.jobs.work("default") as work:
        work.enqueue(NewJob(KIND, {"webhook": "w", "event": {}}, label="shop.example.com"))
    told = figures(service)
    assert sorted(told.values()) == [0, 1, 2, 3]
    assert {address: listed(service, address) for address in told} == told
    assert listed(service, "/jobs") == 8, "without a filter, everything"


def test_deliveries_of_webhooks_are_not_among_the_latest_jobs_and_are_found_by_their_kind(service: Service) -> None:
    queued(service, label="p.csv")
    with service.jobs.work("default") as work:
        work.enqueue(NewJob(KIND, {"webhook": "w", "event": {}}, label="shop.example.com"))
    home = get(service, "/")
    assert "p.csv" in home and "shop.example.com" not in home
    assert "shop.example.com" in get(service, f"/jobs?kind={KIND}")
    assert "shop.example.com" in get(service, "/jobs")
    assert "shop.example.com" not in get(service, "/jobs?kind=asked-for")


def test_the_filter_of_what_people_asked_for_is_chosen_only_where_it_was(service: Service) -> None:
    chosen = '<option value="asked-for" selected>'
    assert chosen in get(service, "/jobs?kind=asked-for")
    kinds = "&".join(f"kind={kind}" for kind in service.jobs.catalogue.asked_for)
    assert chosen not in get(service, f"/jobs?{kinds}") and chosen not in get(service, "/jobs")


def test_what_failed_is_still_told_where_the_hour_has_passed(service: Service) -> None:
    made_long_ago(service)
    assert figures(service)["/jobs?state=failed&ended=hour&kind=asked-for"] == 0
    assert listed(service, "/jobs?ended=day") == 1
    assert "it broke" in get(service, "/")


def test_a_paused_queue_is_told(service: Service) -> None:
    queued(service)
    fail(service)
    assert "is paused" not in get(service, "/")
    pause_for_tenant(service.jobs, ANYONE_HERE, "bulk_upload", paused=True)
    assert "is paused" in get(service, "/")
