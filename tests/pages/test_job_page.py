"""What the page of a job that has ended tells of its times, and how it lives on while the database is away."""

import re
from typing import Any, LiteralString

import pytest

from tests.api.moved import fail, failed, queued, states
from tests.pages.forms import forms_of
from tests.pages.reader import get, noted, post, went_to
from tests.service import Service
from tolva.core.job import JobId
from tolva.errors import DatabaseUnavailable
from tolva.web.pages import job as job_page

TWO_HOURS: LiteralString = (
    "UPDATE tolva.jobs SET created_at = finished_at - interval '2 hours', started_at = finished_at - interval '5 s'"
)


def told(service: Service, job: JobId) -> str:
    """The page, as if the job had come two hours before its end, and started its last attempt five seconds before."""
    with service.jobs.db.transaction("default") as conn:
        conn.execute(TWO_HOURS)
    return get(service, f"/jobs/{job}").split("What happened")[0]


def test_of_one_attempt_its_own_time_is_told(service: Service) -> None:
    [job] = failed(service)
    assert "took 5 sec<" in told(service, job)


def test_of_several_attempts_the_time_of_the_last_and_the_day_of_the_first_are_told(service: Service) -> None:
    [job] = failed(service)
    went_to(post(service, f"/jobs/{job}/retry"))
    fail(service)
    page = told(service, job)
    assert "took 5 sec" in page and "2 hr" not in page, "nobody worked while the job waited for the button"
    assert "2 attempts since <time" in page


@pytest.mark.parametrize("before", [failed, queued], ids=["after an attempt", "before any"])
def test_of_a_cancelled_job_nothing_is_told_of_an_attempt(service: Service, before: object) -> None:
    [job] = failed(service) if before is failed else queued(service)
    if before is failed:
        went_to(post(service, f"/jobs/{job}/retry"))
    went_to(post(service, f"/jobs/{job}/cancel"))
    page = told(service, job)
    assert "2 hr after it was accepted" in page and "took" not in page


def test_what_is_over_is_told_by_a_time_that_stays_true(service: Service) -> None:
    [job] = failed(service)
    page = told(service, job)
    assert "<time datetime=" in page and "data-ago" not in page


def test_a_database_that_goes_away_does_not_break_the_live_page_off(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    [id] = failed(service)
    tell, away = job_page._told, iter([DatabaseUnavailable("away")])

    def told_at_second(*given: Any) -> Any:
        if fault := next(away, None):
            raise fault
        return tell(*given)

    monkeypatch.setattr(job_page, "_told", told_at_second)
    live = service.client.get(f"/jobs/{id}/live").text
    assert live.endswith("event: end\ndata: over\n\n") and "it broke" in live


@pytest.mark.parametrize(("language", "date"), [("en-US", r"\d+/\d+/\d\d,"), ("en-GB,en;q=0.9", r"\d\d/\d\d/\d{4},")])
def test_dates_are_written_as_in_the_readers_region(service: Service, language: str, date: str) -> None:
    [id] = queued(service)
    assert re.search(f">{date}", get(service, f"/jobs/{id}", **{"Accept-Language": language}))


def test_a_button_of_a_page_does_once_what_it_is_pressed_twice_for(service: Service) -> None:
    """As somebody does who hears that the connection broke: the job may have ended anew meanwhile."""
    [job] = failed(service)
    retry = pressed(service, job, "retry")
    cancel = pressed(service, job, "cancel")
    for _ in range(2):
        for action, given in (("cancel", cancel), ("retry", retry)):
            went_to(post(service, f"/jobs/{job}/{action}", **given))
    assert states(service, [job]) == ["cancelled"]
    assert [action for action, _ in noted(service)] == ["job.retry", "job.cancel"]


def pressed(service: Service, job: JobId, action: str) -> dict[str, str]:
    """What the button of its page sends."""
    [form] = [each for each in forms_of(get(service, f"/jobs/{job}")) if each.action == f"/jobs/{job}/{action}"]
    went_to(post(service, form.action, **form.given))
    return form.given
