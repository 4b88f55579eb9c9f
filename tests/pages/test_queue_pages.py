"""The page of the queues."""

import pytest

from tests.api.moved import QUEUE, asking, claim, failed, queued
from tests.pages.reader import get, log_in, noted, post, went_to
from tests.service import Service
from tolva.jobs.store import set_lane
from tolva.web.access.caller import Caller, Role
from tolva.web.steering import pause_for_all


def test_queues_and_workers_are_shown_with_what_they_do_for_the_tenant(service: Service) -> None:
    [mine] = queued(service, label="mine.csv")
    [theirs] = queued(service, tenant="other", label="theirs.csv")
    claim(service, 2)
    queued(service)
    with service.jobs.db.transaction("default") as conn:
        set_lane(conn, "default", QUEUE, weight=3, rate=2)
    page = get(service, "/queues")
    assert f'/jobs?queue={QUEUE}"' in page
    for told in ("weight 3", "2 a second", 'data-label="Ready">1<', 'data-label="Running">1<'):
        assert told in page
    assert f'<a href="/jobs/{mine}">mine.csv</a>' in page
    assert theirs not in page and "theirs.csv" not in page


def test_a_question_is_no_failure_of_its_queue(service: Service) -> None:
    failed(service)
    asking(service, 2)
    page = get(service, "/queues")
    assert "1 failed" in page and "2 left a question open" in page


def test_an_operator_pauses_a_queue_for_the_tenant_and_resumes_it(service: Service) -> None:
    mine, theirs = queued(service), queued(service, tenant="other")
    claim(service, 0)
    log_in(service, Role.OPERATOR)
    assert went_to(post(service, f"/queues/{QUEUE}/pause")) == "/queues"
    page = get(service, "/queues")
    assert "for your own jobs alone" in page and f'action="/queues/{QUEUE}/resume"' in page
    assert "for your own jobs alone" in get(service, "/")
    assert [job.id for job in claim(service, 2)] == theirs
    went_to(post(service, f"/queues/{QUEUE}/resume"))
    assert [job.id for job in claim(service, 2)] == mine
    assert noted(service) == [("queue.pause", QUEUE), ("queue.resume", QUEUE)]


def test_a_pause_of_the_installation_is_told_and_has_no_button(service: Service) -> None:
    pause_for_all(service.jobs, Caller("default", Role.ADMIN, "operator"), QUEUE, paused=True)
    for address in ("/queues", "/"):
        page = get(service, address)
        assert "for everybody" in page
        assert f"/queues/{QUEUE}/" not in page


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_viewer_has_no_button_and_is_refused(service: Service, verb: str) -> None:
    claim(service, 0)
    log_in(service, Role.VIEWER)
    assert f"/queues/{QUEUE}/" not in get(service, "/queues")
    assert post(service, f"/queues/{QUEUE}/{verb}").status_code == 403
    assert noted(service) == []


def test_without_a_worker_the_page_says_what_to_start(service: Service) -> None:
    page = get(service, "/queues")
    assert "No queues yet" in page and "tolva worker" in page
