"""`tolva schedule`: what happens by the clock."""

import json
from datetime import datetime

import pytest

from tests.cli.conftest import Shell
from tests.errand import with_errands
from tolva import app
from tolva.settings import load_settings

ADD = ("schedule", "add", "nightly", "30 2 * * *", "--kind", "errand", "--zone", "America/Bogota")


def install_errands(patch: pytest.MonkeyPatch) -> None:
    catalogue = with_errands(load_settings())
    for room in (app, app.work):
        patch.setattr(room, "catalogue", lambda _: catalogue)


@pytest.fixture
def errands(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation that has a kind that runs by the clock."""
    install_errands(monkeypatch)


@pytest.mark.usefixtures("errands")
def test_a_schedule_is_made_steered_and_ended(tolva: Shell) -> None:
    made = tolva(*ADD, "--params", '{"days": 1}', "--missed", "latest", "--json")
    assert (made.code, made.json["params"], made.json["missed"]) == (0, {"days": 1}, "latest")
    assert tolva("schedule", "pause", "nightly", "--json").json["paused_at"]
    assert "paused" in tolva("schedule", "ls").out
    assert tolva("schedule", "resume", "nightly", "--json").json["paused_at"] is None
    job = tolva("schedule", "run", "nightly", "--json").json["id"]
    assert tolva("jobs", "ls", "--json").json[0]["id"] == job
    assert tolva("schedule", "rm", "nightly").code == 0
    assert tolva("schedule", "ls", "--json").json == []
    noted = [line["action"] for line in tolva("audit", "--json").json]
    assert noted == [f"schedule.{verb}" for verb in ("drop", "run", "resume", "pause", "put")]


@pytest.mark.usefixtures("errands")
def test_a_schedule_is_shown_with_all_of_its_parameters(tolva: Shell) -> None:
    params = {"within": {"days": 1}, "text": "x" * 5000}
    tolva(*ADD, "--params", json.dumps(params))
    assert tolva("schedule", "show", "nightly", "--json").json["params"] == params
    told = tolva("schedule", "show", "nightly").out
    assert "America/Bogota" in told and '"days": 1' in told
    assert "There is no schedule 'x'" in tolva("schedule", "show", "x").err


@pytest.mark.usefixtures("errands")
def test_next_ticks_are_on_the_clock_of_the_zone(tolva: Shell) -> None:
    tolva(*ADD)
    ticks = tolva("schedule", "next", "nightly", "-n", "3", "--json").json
    assert [tick["local"][10:] for tick in ticks] == ["T02:30:00-05:00"] * 3
    told = tolva("schedule", "next", "nightly").out
    zone = datetime.now().astimezone().strftime("%Z")
    assert "02:30:00-05:00" in told and f":30:00 {zone} " in told, "each time says of which zone it is"


def test_a_schedule_that_cannot_run_any_more_is_told_by_list_and_doctor(
    tolva: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        install_errands(before)
        tolva(*ADD, "--tenant", "acme")
        assert "make no jobs" not in tolva("doctor", TOLVA_PORT="0").out
    listed = tolva("schedule", "ls", "--tenant", "acme").out
    assert "cannot run: There is no job of the kind 'errand'" in listed
    told = " ".join(tolva("doctor", TOLVA_PORT="0").out.split())
    assert "'nightly' of tenant 'acme' cannot run: There is no job of the kind 'errand'" in told
    assert "schedule rm nightly --tenant acme" in told


def test_what_is_wrong_is_said(tolva: Shell) -> None:
    assert tolva(*ADD, "--params", "[1]").code == 2
    assert "There is no schedule 'x'" in tolva("schedule", "run", "x").err
    assert tolva("schedule", "add", "x", "nonsense", "--kind", "bulk_upload").code == 2


def test_without_a_kind_that_runs_by_the_clock_that_is_said(tolva: Shell) -> None:
    refused = tolva("schedule", "add", "x", "30 2 * * *", "--kind", "bulk_upload")
    assert refused.code == 2 and "None of this installation's kinds does." in " ".join(refused.err.split())
