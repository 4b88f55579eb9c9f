"""What is told of many jobs when the database gives out in the middle: what was done, and where it goes on."""

from collections.abc import Callable, Container, Sequence
from contextlib import nullcontext
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.api.moved import failed, queued, states
from tests.pages.reader import HTML
from tests.pages.test_bulk_pages import hidden
from tests.service import Service
from tolva.cli import closing, dead
from tolva.cli.closing import close
from tolva.cli.console import Exit
from tolva.core.job import JobId
from tolva.errors import CommitLost, DatabaseUnavailable, TookTooLong
from tolva.jobs.letters import LetterFilter
from tolva.jobs.work import Jobs
from tolva.web.access.caller import ANYONE_HERE, Caller
from tolva.web.api.bulk import OPEN
from tolva.web.pages import bulk
from tolva.web.steering import cancel_jobs, dismiss_letters, replay_jobs, replay_letters

PORTION = 2
FOR_GOOD = 100
Deed = Callable[[Jobs, Caller, Sequence[JobId]], Sequence[JobId]]
CALLS = [
    ("jobs/cancel", "cancelled", queued, "bulk.cancel_jobs", cancel_jobs),
    ("jobs/replay", "replayed", failed, "bulk.replay_jobs", replay_jobs),
    ("dead-letters/replay", "replayed", failed, "dead_letters.replay_letters", replay_letters),
    ("dead-letters/dismiss", "dismissed", failed, "dead_letters.dismiss_letters", dismiss_letters),
]
Make = Callable[[Service, int], list[JobId]]


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tolva.web.portions.PORTION", PORTION)


def giving_out(deed: Deed, at: Container[int]) -> Deed:
    """The deed; for these of its portions the database does not answer."""
    told: list[Sequence[JobId]] = []

    def do(jobs: Jobs, by: Caller, ids: Sequence[JobId]) -> Sequence[JobId]:
        told.append(ids)
        if len(told) - 1 in at:
            raise DatabaseUnavailable("away")
        return deed(jobs, by, ids)

    return do


def for_the_first(deed: Deed) -> Deed:
    """The deed, which leaves the second of each portion as it is."""
    return lambda jobs, by, ids: deed(jobs, by, ids[:1])


def followed(service: Service, call: str, chosen: dict[str, Any]) -> list[dict[str, Any]]:
    """The answers to a call, and to those that its `next` leads to."""
    told = [service.client.post(f"/api/v1/{call}", json=chosen).json()]
    while told[-1]["next"]:
        told.append(service.client.post(f"/api/v1/{call}", json=chosen | {"before": told[-1]["next"]}).json())
    return told


@pytest.mark.parametrize("named", [False, True], ids=["all", "named"])
@pytest.mark.parametrize(("call", "done", "make", "place", "deed"), CALLS, ids=[call for call, *_ in CALLS])
def test_whoever_follows_next_comes_to_all_and_to_each_once(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    done: str,
    make: Make,
    place: str,
    deed: Deed,
    named: bool,
) -> None:
    monkeypatch.setattr("tolva.web.met.MOST", 6)
    monkeypatch.setattr(f"tolva.web.api.{place}", giving_out(for_the_first(deed), at=[1]))
    ids = make(service, 7)
    told = followed(service, call, {"ids": ids} if named else {"all": True})
    assert [(each["matching"], each[done], each["left"]) for each in told] == [(2, 1, 1), (5, 3, 2)]


def test_behind_the_end_of_a_call_all_are_done_too(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tolva.web.met.MOST", 4)
    monkeypatch.setattr("tolva.web.api.bulk.cancel_jobs", giving_out(cancel_jobs, at=[1, 3]))
    ids = queued(service, 9)
    told = followed(service, "jobs/cancel", {"all": True})
    assert [each["cancelled"] for each in told] == [2, 2, 4, 1]
    assert set(states(service, ids)) == {"cancelled"}


def test_what_breaks_off_behind_a_portion_that_left_all_as_it_was_goes_on_there(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost_behind(jobs: Jobs, by: Caller, ids: Sequence[JobId]) -> Sequence[JobId]:
        if met:
            raise CommitLost("nobody knows")
        met.append(ids)
        return []

    met: list[Sequence[JobId]] = []
    failed(service, 3)
    monkeypatch.setattr("tolva.web.api.dead_letters.replay_letters", lost_behind)
    told = service.client.post("/api/v1/dead-letters/replay", json={"all": True})
    assert (told.status_code, told.json()["matching"], told.json()["replayed"]) == (200, 2, 0)
    assert told.json()["next"]


def test_where_nothing_was_done_nothing_else_is_told(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    failed(service)
    monkeypatch.setattr("tolva.web.api.dead_letters.replay_letters", giving_out(replay_letters, at=[0]))
    told = service.client.post("/api/v1/dead-letters/replay", json={"all": True})
    assert (told.status_code, "nothing was done" in told.json()["detail"]) == (503, True)


FORM = {"action": "cancel", "scope": "matching", "back": "/jobs", "confirm": "1"}


def test_the_page_tells_what_was_done_and_asks_for_the_rest(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = queued(service, 5)
    monkeypatch.setitem(bulk.TO_JOBS, "cancel", (giving_out(cancel_jobs, at=[1]), OPEN))
    told = service.client.post("/jobs/bulk", data=FORM, headers=HTML).text
    assert "2 jobs were cancelled, or told to stop." in told
    assert "Cancel 3 jobs?" in told
    assert "moved on" not in told
    service.client.post("/jobs/bulk", data=hidden(told), headers=HTML)
    assert set(states(service, ids)) == {"cancelled"}


def test_the_page_tells_what_was_done_where_the_rest_cannot_be_shown(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(*given: Any, **more: Any) -> Any:
        if given[2].before:
            raise TookTooLong("too long")
        return chosen_jobs(*given, **more)

    chosen_jobs = bulk.chosen_jobs
    monkeypatch.setattr(bulk, "chosen_jobs", look)
    monkeypatch.setattr("tolva.web.met.MOST", 2)
    queued(service, 5)
    told = service.client.post("/jobs/bulk", data=FORM, headers=HTML, follow_redirects=True)
    assert (told.status_code, told.url.path) == (200, "/jobs")
    assert "2 jobs were cancelled, or told to stop. There are more: do it again for the rest." in told.text


@pytest.mark.parametrize("after", [1, 2], ids=["inside", "between"])
def test_at_the_terminal_what_was_done_is_told_wherever_it_breaks_off(
    service: Service, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr("tolva.web.met.MOST", 4)
    failed(service, 6)
    told = close(
        *(service.jobs, ANYONE_HERE, LetterFilter(), giving_out(replay_letters, range(after, FOR_GOOD))), dry_run=False
    )
    assert (len(told.jobs), told.left, told.more) == (PORTION * after, 0, True)


def test_at_the_terminal_what_was_done_is_told_where_looking_for_more_fails(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(*given: Any) -> Any:
        if given[3]:
            raise TookTooLong("too long")
        return met_letters(*given)

    met_letters = closing.met_letters
    monkeypatch.setattr(closing, "met_letters", look)
    monkeypatch.setattr("tolva.web.met.MOST", 4)
    failed(service, 6)
    told = close(service.jobs, ANYONE_HERE, LetterFilter(), replay_letters, dry_run=False)
    assert (len(told.jobs), told.left, told.more) == (4, 0, True)


@pytest.mark.parametrize("named", [False, True], ids=["all", "named"])
def test_at_the_terminal_it_goes_on_where_the_database_answers_again(service: Service, named: bool) -> None:
    ids = failed(service, 6)
    meant = ids if named else LetterFilter()
    told = close(service.jobs, ANYONE_HERE, meant, giving_out(replay_letters, at=[1]), dry_run=False)
    assert (set(told.jobs), told.left, told.more) == (set(ids), 0, False)


def test_the_terminal_says_that_there_are_more_and_scripts_come_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead, "opened", lambda _: nullcontext(service.jobs))
    monkeypatch.setattr(dead, "replay_letters", giving_out(replay_letters, range(1, FOR_GOOD)))
    failed(service, 5)
    ran = CliRunner().invoke(dead.cli, ["replay", "--all"])
    assert ran.exit_code == Exit.TRY_LATER
    assert "2 jobs queued again." in ran.output and "There are more" in ran.output
