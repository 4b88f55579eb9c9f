"""Many jobs at once over HTTP."""

from typing import Any

import pytest

from tests.api.moved import asking, claim, failed, queued, states
from tests.service import Service


def post(service: Service, verb: str, **chosen: Any) -> Any:
    return service.client.post(f"/api/v1/jobs/{verb}", json=chosen)


def test_jobs_that_match_are_cancelled_whatever_their_open_state(service: Service) -> None:
    running = queued(service)
    claim(service)
    ids = running + queued(service, 2)
    told = post(service, "cancel", queue=["bulk_upload"]).json()
    assert told == {"dry_run": False, "matching": 3, "next": None, "cancelled": 3, "left": 0}
    assert states(service, ids) == ["running", "cancelled", "cancelled"]


def test_a_filter_by_state_narrows(service: Service) -> None:
    queued(service)
    claim(service)
    waiting = queued(service)
    assert post(service, "cancel", state=["queued"]).json()["cancelled"] == 1
    assert states(service, waiting) == ["cancelled"]
    assert post(service, "cancel", state=["completed"]).json()["matching"] == 0


def test_failed_and_cancelled_jobs_are_replayed(service: Service) -> None:
    ids = failed(service, 2)
    cancelled = queued(service)
    post(service, "cancel", ids=cancelled)
    dry = post(service, "replay", all=True, dry_run=True).json()
    assert (dry["matching"], dry["replayed"]) == (3, 0)
    assert post(service, "replay", state=["failed"]).json()["replayed"] == 2
    assert states(service, ids + cancelled) == ["queued", "queued", "cancelled"]


def test_named_jobs_of_others_or_in_other_states_are_left_alone(service: Service) -> None:
    theirs, mine = queued(service, tenant="other"), queued(service)
    told = post(service, "cancel", ids=theirs + mine).json()
    assert (told["matching"], told["cancelled"]) == (1, 1)
    assert states(service, theirs, "other") == ["queued"]
    assert post(service, "cancel", ids=theirs + mine).json()["matching"] == 0


def test_open_questions_alone_are_replayed(service: Service) -> None:
    [broken], [asked] = failed(service), asking(service)
    assert post(service, "cancel", open_question=True).json()["matching"] == 0
    assert post(service, "replay", open_question=True).json()["replayed"] == 1
    assert states(service, [broken, asked]) == ["failed", "queued"]
    assert post(service, "replay", open_question=False).status_code == 422, "no filter, so not all"


def test_jobs_are_found_by_time_and_parent(service: Service) -> None:
    queued(service)
    assert post(service, "cancel", created_before="2020-01-01T00:00:00Z").json()["matching"] == 0
    assert post(service, "cancel", created_from="2020-01-01T00:00:00Z", dry_run=True).json()["matching"] == 1
    parent = "01980a3c-7d5e-7b1a-9c7e-2f6d1b8a4e10"
    assert post(service, "cancel", parent=parent, dry_run=True).json()["matching"] == 0


@pytest.mark.parametrize("verb", ["replay", "cancel"])
@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"dry_run": True},
        {"ids": []},
        {"all": True, "queue": ["q"]},
        {"ids": ["x"]},
        {"queue": ["\0"]},
        {"search": "a\0"},
        {"created_from": "2020-01-01"},
        {"created_from": "2020-01-01T00:00:00"},
        {"created_from": 1e300},
        {"created_from": 2026},
        {"created_before": "2026"},
        {"created_before": "1.5e9"},
        {"ended_since": 1.5},
        {"state": ["nonsense"]},
        {"unknown": 1},
    ],
)
def test_whoever_does_not_say_which_gets_nothing_done(
    lasting_service: Service, verb: str, wrong: dict[str, Any]
) -> None:
    ids = queued(lasting_service)
    assert post(lasting_service, verb, **wrong).status_code == 422
    assert states(lasting_service, ids) == ["queued"]


@pytest.mark.parametrize("far", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_far_dates_are_dates(service: Service, far: str) -> None:
    assert post(service, "cancel", created_from=far, dry_run=True).status_code == 200
    assert post(service, "cancel", created_before=far, dry_run=True).status_code == 200
