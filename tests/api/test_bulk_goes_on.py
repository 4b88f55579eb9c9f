"""Jobs that cannot be queued again, more than a call takes, keep nobody from the few behind them, whichever way it is
asked for; what is dismissed or told to stop is met once.
"""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import psycopg
import pytest
from httpx import Response

from tests.api.moved import claim, failed, queued, states
from tests.conftest import Fresh
from tests.jobs.shrunk import shrink
from tests.service import Service
from tolva.cli.closing import close
from tolva.core.job import JobId
from tolva.jobs.letters import LetterFilter
from tolva.web.access.caller import ANYONE_HERE
from tolva.web.steering import dismiss_letters, replay_jobs

MOST = 20
STUCK = 2 * MOST + 10
FEW = 3


@pytest.fixture(autouse=True)
def most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tolva.web.met.MOST", MOST)


@pytest.fixture
def few(service: Service, fresh: Fresh) -> list[JobId]:
    """Failed jobs with many before them in any list whose unique key an open job has."""
    few = failed(service, FEW)
    stuck = failed(service, STUCK)
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute("UPDATE tolva.jobs SET unique_key = 'taken' WHERE id = ANY (%s)", (stuck,))
    queued(service, unique_key="taken")
    return few


def all_told(service: Service, call: str, **chosen: Any) -> list[Mapping[str, Any]]:
    """What the calls answer, each of which goes on behind the one before."""
    told = [service.client.post(call, json=chosen).json()]
    while told[-1]["next"] and len(told) < 9:
        told.append(service.client.post(call, json=chosen | {"before": told[-1]["next"]}).json())
    return told


def confirmed(service: Service, page: str, answer: Response) -> Response:
    """The button of a preview."""
    assert re.search(r'<button class="(main|danger)">', answer.text)
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', unescape(answer.text))
    return service.client.post(page, data=dict(hidden))


def asked(answer: Response) -> tuple[int, bool]:
    """How many jobs a preview asks about, and whether there are more than are taken at once."""
    [number] = re.findall(r"<h1>(?:Try|Dismiss) (\d+) ", answer.text)
    return int(number), "At most" in answer.text


def named(answer: Response) -> list[str]:
    """The jobs that a preview names."""
    return re.findall(r'<a href="/jobs/([0-9a-f-]{36})">', answer.text)


@pytest.mark.parametrize("call", ["/api/v1/jobs/replay", "/api/v1/dead-letters/replay"])
def test_the_api_says_where_to_go_on_and_comes_to_an_end(service: Service, few: list[JobId], call: str) -> None:
    told = all_told(service, call, kind=["bulk_upload"])
    assert [(each["matching"], each["left"], each["replayed"]) for each in told] == [
        (MOST, MOST, 0),
        (MOST, MOST, 0),
        (STUCK - 2 * MOST + FEW, STUCK - 2 * MOST, FEW),
    ]
    assert states(service, few) == ["queued"] * FEW


def test_the_api_dismisses_each_letter_once(service: Service, few: list[JobId]) -> None:
    rehearsed = all_told(service, "/api/v1/dead-letters/dismiss", all=True, dry_run=True)
    told = all_told(service, "/api/v1/dead-letters/dismiss", all=True)
    numbers = [MOST, MOST, STUCK - 2 * MOST + FEW]
    assert [each["matching"] for each in rehearsed] == [each["dismissed"] for each in told] == numbers
    assert service.client.get("/api/v1/dead-letters").json()["dead_letters"] == []
    assert states(service, few) == ["failed"] * FEW


def test_what_runs_and_was_told_to_stop_is_not_met_again(service: Service) -> None:
    waiting = queued(service, FEW)
    running = queued(service, MOST)
    taken = {job.id for job in claim(service, MOST + FEW)}
    told = all_told(service, "/api/v1/jobs/cancel", all=True)
    assert taken == {*waiting, *running}
    assert [each["cancelled"] for each in told] == [MOST, FEW]


@pytest.mark.parametrize("call", ["/api/v1/jobs/replay", "/api/v1/dead-letters/replay", "/api/v1/dead-letters/dismiss"])
def test_a_search_that_looks_at_some_at_a_time_goes_on_behind_them_too(
    service: Service, fresh: Fresh, call: str
) -> None:
    failed(service, FEW, label="marzo.csv")
    failed(service, 3, label="abril.csv")
    failed(service, MOST, label="marzo.csv")
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        shrink(conn, 1_000_000)
    told = all_told(service, call, search="marzo")
    assert [(each["matching"], each["left"]) for each in told] == [(MOST, 0), (FEW, 0)]


@pytest.mark.parametrize(
    ("page", "back"), [("/jobs/bulk", "/jobs?state=failed"), ("/dead-letters/bulk", "/dead-letters")]
)
def test_a_page_asks_again_for_the_rest(service: Service, few: list[JobId], page: str, back: str) -> None:
    answer = service.client.post(page, data={"action": "retry", "scope": "matching", "back": back})
    shown, told = [asked(answer)], named(answer)
    for _ in range(2):
        answer = confirmed(service, page, answer)
        assert "Nothing was left to do" in answer.text and "There are more" in answer.text
        shown.append(asked(answer))
        told += named(answer)
    assert shown == [(MOST, True), (MOST, True), (STUCK - 2 * MOST + FEW, False)]
    assert len(told) == len(set(told)) == 15, "each names the first of its own"
    assert confirmed(service, page, answer).status_code == 303
    assert f"{FEW} jobs were queued again. 10 had moved on" in unescape(service.client.get(back).text)
    assert states(service, few) == ["queued"] * FEW


def test_the_page_of_dead_letters_asks_again_for_the_rest_to_be_dismissed(service: Service, few: list[JobId]) -> None:
    page, back = "/dead-letters/bulk", "/dead-letters"
    answer = service.client.post(page, data={"action": "dismiss", "scope": "matching", "back": back})
    shown = [asked(answer)]
    for _ in range(2):
        answer = confirmed(service, page, answer)
        assert f"{MOST} dead letters were dismissed. There are more" in answer.text
        shown.append(asked(answer))
    assert shown == [(MOST, True), (MOST, True), (STUCK - 2 * MOST + FEW, False)]
    assert confirmed(service, page, answer).status_code == 303
    assert "13 dead letters were dismissed.<" in re.sub(r"\s+<", "<", service.client.get(back).text)
    assert states(service, few) == ["failed"] * FEW


def test_the_page_goes_back_to_the_list_where_the_rest_went_with_those_before(service: Service, fresh: Fresh) -> None:
    [child], parents = queued(service), queued(service, MOST)
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute("UPDATE tolva.jobs SET open_children = 1 WHERE id = %s", (parents[0],))
        conn.execute("UPDATE tolva.jobs SET parent_id = %s WHERE id = %s", (parents[0], child))
    page = "/jobs/bulk"
    answer = service.client.post(page, data={"action": "cancel", "scope": "matching", "back": "/jobs"})
    assert f"At most {MOST} are done at once" in answer.text
    assert confirmed(service, page, answer).status_code == 303
    assert states(service, [child]) == ["cancelled"]


@pytest.mark.parametrize("page", ["/jobs", "/dead-letters"])
@pytest.mark.parametrize("before", ["0192b1f0-0000-7000-8000-000000000000", "1-7"])
def test_a_place_of_the_other_list_is_no_error_of_ours(service: Service, page: str, before: str) -> None:
    given = {"action": "retry", "scope": "matching", "back": page, "before": before}
    of_its_own = (page == "/jobs") == ("0192" in before)
    assert service.client.post(f"{page}/bulk", data=given).status_code == (200 if of_its_own else 422)


def test_the_command_replays_all(service: Service, few: list[JobId]) -> None:
    rehearsed = close(service.jobs, ANYONE_HERE, LetterFilter(), replay_jobs, dry_run=True)
    assert (len(rehearsed.jobs), rehearsed.left) == (STUCK + FEW, 0)
    again = close(service.jobs, ANYONE_HERE, LetterFilter(), replay_jobs, dry_run=False)
    assert (sorted(again.jobs), again.left) == (sorted(few), STUCK)


def test_the_command_dismisses_all(service: Service, few: list[JobId]) -> None:
    gone = close(service.jobs, ANYONE_HERE, LetterFilter(), dismiss_letters, dry_run=False)
    assert (len(gone.jobs), gone.left) == (STUCK + FEW, 0)
    assert states(service, few) == ["failed"] * FEW
