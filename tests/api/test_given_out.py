"""What is told of many jobs when the database gives out in the middle: what was done, and what is left to do."""

from collections.abc import Callable, Sequence

import pytest

from tests.api.moved import failed, queued, states
from tests.pages.reader import HTML
from tests.service import Service
from tolva.cli.closing import close
from tolva.core.job import JobId
from tolva.errors import DatabaseUnavailable
from tolva.jobs.letters import LetterFilter
from tolva.jobs.work import Jobs
from tolva.web.access.caller import ANYONE_HERE, Caller
from tolva.web.api.bulk import OPEN
from tolva.web.pages import bulk
from tolva.web.steering import cancel_jobs, replay_letters

PORTION = 2
Deed = Callable[[Jobs, Caller, Sequence[JobId]], Sequence[JobId]]


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tolva.web.portions.PORTION", PORTION)


def giving_out(deed: Deed, after: int) -> Deed:
    """The deed; after so many portions the database does not answer any more."""
    left = [deed] * after

    def do(jobs: Jobs, by: Caller, ids: Sequence[JobId]) -> Sequence[JobId]:
        if not left:
            raise DatabaseUnavailable("away")
        return left.pop()(jobs, by, ids)

    return do


def test_a_call_for_many_tells_what_was_done_and_the_same_call_goes_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = queued(service, 5)
    with monkeypatch.context() as patched:
        patched.setattr("tolva.web.api.bulk.cancel_jobs", giving_out(cancel_jobs, after=1))
        told = service.client.post("/api/v1/jobs/cancel", json={"all": True})
    assert told.status_code == 200
    assert told.json() == {"dry_run": False, "matching": 5, "next": None, "left": 3, "untried": 3, "cancelled": 2}
    assert states(service, ids).count("cancelled") == 2
    again = service.client.post("/api/v1/jobs/cancel", json={"all": True}).json()
    assert (again["cancelled"], again["untried"]) == (3, 0)


def test_where_nothing_was_done_nothing_else_is_told(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    failed(service)
    monkeypatch.setattr("tolva.web.api.dead_letters.replay_letters", giving_out(replay_letters, after=0))
    told = service.client.post("/api/v1/dead-letters/replay", json={"all": True})
    assert (told.status_code, "nothing was done" in told.json()["detail"]) == (503, True)


def test_the_page_tells_what_was_done_and_what_to_do_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    queued(service, 5)
    monkeypatch.setitem(bulk.STEERING, "cancel", (giving_out(cancel_jobs, after=1), OPEN))
    form = {"action": "cancel", "scope": "matching", "back": "/jobs", "confirm": "1"}
    told = service.client.post("/jobs/bulk", data=form, headers=HTML, follow_redirects=True).text
    assert "2 jobs were cancelled, or told to stop." in told
    assert "3 were not tried, because the database stopped answering: do it again for the rest." in told
    assert "moved on" not in told


def test_at_the_terminal_what_is_left_is_counted_and_no_more_are_looked_for(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tolva.web.portions.MOST", 4)
    failed(service, 6)
    told = close(service.jobs, ANYONE_HERE, LetterFilter(), giving_out(replay_letters, after=1), dry_run=False)
    assert (len(told.jobs), told.left, told.untried) == (2, 2, 2)
