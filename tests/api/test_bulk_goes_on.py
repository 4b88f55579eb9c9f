"""Thousands of jobs that cannot be queued again keep nobody from the few behind them, whichever way it is asked for."""

import re
from html import unescape
from typing import Any

import psycopg
import pytest

from tests.api.moved import failed, queued, states
from tests.conftest import Fresh
from tests.service import Service
from tolva.cli.dead import _matching, _replayed
from tolva.core.job import JobId
from tolva.jobs.letters import LetterFilter
from tolva.web.access.caller import ANYONE_HERE

MOST = 1000
STUCK = 2 * MOST + 100
FEW = 3


@pytest.fixture
def few(service: Service, fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> list[JobId]:
    """Failed jobs with thousands before them in any list whose unique key an open job has."""
    for place in ("portions", "api.bulk", "api.dead_letters", "pages.chosen"):
        monkeypatch.setattr(f"tolva.web.{place}.MOST", MOST)
    monkeypatch.setattr("tolva.cli.dead.MOST", MOST)
    few = failed(service, FEW)
    stuck = failed(service, STUCK)
    with psycopg.connect(fresh.admin_dsn, autocommit=True) as conn:
        conn.execute("UPDATE tolva.jobs SET unique_key = 'taken' WHERE id = ANY (%s)", (stuck,))
    queued(service, unique_key="taken")
    return few


@pytest.mark.parametrize("call", ["/api/v1/jobs/replay", "/api/v1/dead-letters/replay"])
def test_the_api_says_where_to_go_on_and_comes_to_an_end(service: Service, few: list[JobId], call: str) -> None:
    told: list[dict[str, Any]] = []
    before: dict[str, str] = {}
    while not told or before:
        told.append(service.client.post(call, json={"kind": ["bulk_upload"], **before}).json())
        before = {"before": told[-1]["next"]} if told[-1]["next"] else {}
    assert [(each["matching"], each["left"], each["replayed"]) for each in told] == [
        (MOST, MOST, 0),
        (MOST, MOST, 0),
        (STUCK - 2 * MOST + FEW, STUCK - 2 * MOST, FEW),
    ]
    assert states(service, few) == ["queued"] * FEW


@pytest.mark.parametrize(
    ("page", "back"), [("/jobs/bulk", "/jobs?state=failed"), ("/dead-letters/replay", "/dead-letters")]
)
def test_a_page_asks_again_for_the_rest(service: Service, few: list[JobId], page: str, back: str) -> None:
    answer = service.client.post(page, data={"action": "retry", "scope": "matching", "back": back})
    asked = 0
    while answer.status_code == 200:
        assert 'class="main"' in answer.text, "there is a button"
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', unescape(answer.text))
        answer = service.client.post(page, data=dict(hidden))
        asked += 1
        if answer.status_code == 200:
            assert "Nothing was left to do" in answer.text and "There are more" in answer.text
    assert (answer.status_code, asked) == (303, 3)
    assert f"{FEW} jobs were queued again. 100 had moved on" in unescape(service.client.get(back).text)
    assert states(service, few) == ["queued"] * FEW


def test_the_command_takes_all(service: Service, few: list[JobId]) -> None:
    every = _matching(service.jobs, "default", LetterFilter())
    again, left = _replayed(service.jobs, ANYONE_HERE, every, dry_run=True)
    assert (len(again), left) == (STUCK + FEW, 0)
    every = _matching(service.jobs, "default", LetterFilter())
    again, left = _replayed(service.jobs, ANYONE_HERE, every, dry_run=False)
    assert (sorted(again), left) == (sorted(few), STUCK)
