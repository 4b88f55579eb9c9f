"""Schedules in the database: each tick one job, whoever fires it, and what an outage leaves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.jobs.workshop import WORK, Workshop, together, until
from tolva.core.job import NewJob, Verb
from tolva.errors import Conflict, DatabaseUnavailable, InvalidInput, NotFound
from tolva.jobs import firing, schedule
from tolva.jobs.catalogue import Handler
from tolva.jobs.firing import fire_due
from tolva.jobs.listing import JobFilter, list_jobs
from tolva.jobs.schedule import Schedule, drop_schedule, get_schedule, list_schedules, put_schedule, run_now, why_stuck

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def within_one_minute() -> None:
    """Schedules tick by the minute: let none begin in the middle of a test."""
    until(lambda: datetime.now(UTC).second < 58)


def put(shop: Workshop, tenant: str = "a", **given: Any) -> datetime:
    about: dict[str, Any] = {"name": "nightly", "cron": "* * * * *", "timezone": "Europe/Madrid", "missed": "all"}
    with shop.db.transaction(tenant) as conn:
        row = put_schedule(conn, shop.catalogue, tenant, Schedule(job=NewJob("work", {"file": "x"}), **about | given))
        return row["next_at"]


def outage(shop: Workshop, ticks: int, name: str = "nightly") -> list[datetime]:
    """Let so many ticks of an every-minute schedule be due; returns them."""
    latest = datetime.now(UTC).replace(second=0, microsecond=0)
    due = [latest - n * MINUTE for n in reversed(range(ticks))]
    shop.admin.execute("UPDATE tolva.schedules SET next_at = %s WHERE name = %s", (due[0], name))
    return due


def made(shop: Workshop) -> list[datetime]:
    """The ticks whose jobs exist."""
    rows = shop.admin.execute("SELECT params FROM tolva.jobs ORDER BY run_at").fetchall()
    return [datetime.fromisoformat(row["params"]["scheduled_for"]) for row in rows]


def next_at(shop: Workshop, name: str = "nightly") -> datetime:
    row = shop.admin.execute("SELECT next_at FROM tolva.schedules WHERE name = %s", (name,)).fetchone()
    assert row is not None
    return row["next_at"]


@pytest.mark.parametrize(
    "given",
    [{"timezone": "Mars/Olympus"}, {"cron": "every day"}, {"cron": "61 * * * *"}, {"cron": "0 0 30 2 *"}],
    ids=["zone", "words", "range", "never"],
)
def test_what_cannot_come_is_refused_when_the_schedule_is_made(shop: Workshop, given: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        put(shop, **given)
    assert shop.admin.execute("SELECT * FROM tolva.schedules").fetchall() == []


def test_an_unknown_kind_is_refused_when_the_schedule_is_made(shop: Workshop) -> None:
    with pytest.raises(InvalidInput, match="no job of the kind"), shop.db.transaction("a") as conn:
        put_schedule(conn, shop.catalogue, "a", Schedule("n", "* * * * *", "UTC", NewJob("nonsense")))


def test_nothing_is_made_before_its_time(shop: Workshop) -> None:
    assert put(shop, cron="0 0 1 1 *") > datetime.now(UTC)
    assert not fire_due(shop.jobs)
    assert made(shop) == []


def test_a_tick_makes_the_job_that_was_asked_for_and_rings(shop: Workshop) -> None:
    put(shop)
    (tick,) = outage(shop, 1)
    fire_due(shop.jobs)
    job = shop.take()
    assert (job.tenant_id, job.kind, job.max_attempts) == ("a", "work", 3)
    assert job.params["file"] == "x"
    assert datetime.fromisoformat(job.params["scheduled_for"]) == tick
    assert shop.row(job.id)["run_at"] == tick
    assert shop.engine.rung == ["work"]
    assert next_at(shop) == tick + MINUTE


def test_a_job_of_a_schedule_is_found_by_the_schedules_name(shop: Workshop) -> None:
    put(shop, name="Nightly sync")
    outage(shop, 1, "Nightly sync")
    fire_due(shop.jobs)
    with shop.db.transaction("a") as conn:
        [row] = list_jobs(conn, "a", JobFilter(search="sync")).jobs
    assert row["label"] == "Nightly sync"


def test_a_tick_is_made_once_however_many_fire_it(shop: Workshop) -> None:
    put(shop)
    due = outage(shop, 20)
    together(*[lambda: fire_due(shop.jobs)] * 4)
    assert made(shop) == due
    fire_due(shop.jobs)
    assert made(shop) == due


def test_a_tick_is_not_made_again_after_its_job_has_ended(shop: Workshop) -> None:
    put(shop)
    due = outage(shop, 1)
    fire_due(shop.jobs)
    shop.end(shop.take(), Verb.COMPLETE)
    outage(shop, 1)
    shop.admin.execute("UPDATE tolva.schedules SET next_at = %s", (due[0],))
    fire_due(shop.jobs)
    assert made(shop) == due


def test_after_an_outage_all_ticks_are_made_up_for(shop: Workshop) -> None:
    put(shop)
    due = outage(shop, 30)
    fire_due(shop.jobs)
    assert made(shop) == due


def test_after_an_outage_the_latest_alone_is_made_where_that_was_asked_for(shop: Workshop) -> None:
    put(shop, missed="latest")
    due = outage(shop, 30)
    fire_due(shop.jobs)
    assert made(shop) == due[-1:]
    assert next_at(shop) > datetime.now(UTC)


@pytest.mark.parametrize(("missed", "jobs"), [("all", 25), ("latest", 1)])
def test_a_long_outage_is_made_up_for_in_portions(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, missed: str, jobs: int
) -> None:
    monkeypatch.setattr(firing, "MOST_TICKS", 10)
    put(shop, missed=missed)
    due = outage(shop, 25)
    calls = 1
    while fire_due(shop.jobs):
        calls += 1
    assert made(shop) == due[-jobs:]
    assert calls == (3 if missed == "all" else 1)


def test_a_new_cron_starts_from_now(shop: Workshop) -> None:
    put(shop)
    outage(shop, 5)
    following = put(shop, cron="0 0 1 1 *")
    assert next_at(shop) == following > datetime.now(UTC)
    fire_due(shop.jobs)
    assert made(shop) == []


def test_a_new_zone_starts_from_now(shop: Workshop) -> None:
    put(shop, cron="0 6 * * *")
    assert put(shop, cron="0 6 * * *", timezone="America/Lima") == next_at(shop)


def test_a_change_of_anything_else_keeps_the_ticks_that_are_due(shop: Workshop) -> None:
    put(shop)
    due = outage(shop, 3)
    put(shop, missed="latest")
    fire_due(shop.jobs)
    assert made(shop) == due[-1:]


def test_a_change_while_somebody_fires_the_old_one_makes_no_old_tick(shop: Workshop) -> None:
    put(shop)
    outage(shop, 5)
    with shop.db.connection() as conn:
        (stale,) = conn.execute("SELECT * FROM tolva.due_schedules('{work}', 1)").fetchall()
    put(shop, cron="0 0 1 1 *")
    firing._fire(shop.jobs, stale)
    assert made(shop) == []


def test_a_paused_schedule_makes_nothing(shop: Workshop) -> None:
    put(shop)
    outage(shop, 3)
    shop.admin.execute("UPDATE tolva.schedules SET paused_at = now()")
    fire_due(shop.jobs)
    assert made(shop) == []


def test_a_schedule_that_cannot_run_any_more_does_not_hold_up_the_others(shop: Workshop) -> None:
    put(shop, name="gone")
    put(shop)
    outage(shop, 1, "gone")
    due = outage(shop, 2)
    shop.admin.execute("UPDATE tolva.schedules SET timezone = 'Mars/Olympus' WHERE name = 'gone'")
    fire_due(shop.jobs)
    assert made(shop) == due


def test_a_reason_that_cannot_be_noted_does_not_hold_up_the_others(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise DatabaseUnavailable("away")

    put(shop, name="gone")
    put(shop)
    outage(shop, 2, "gone")
    due = outage(shop, 1)
    shop.admin.execute("UPDATE tolva.schedules SET timezone = 'Mars/Olympus' WHERE name = 'gone'")
    monkeypatch.setattr(firing, "_note_trouble", away)
    fire_due(shop.jobs)
    assert made(shop) == due


def stuck(shop: Workshop, name: str = "nightly") -> str | None:
    with shop.db.transaction("a") as conn:
        return why_stuck(shop.catalogue, get_schedule(conn, name))


@pytest.mark.parametrize(("on_schedule", "told"), [(False, "do not run by the clock"), (None, "no job of the kind")])
def test_a_schedule_whose_kind_runs_by_the_clock_no_more_makes_nothing_and_says_why_until_it_does_again(
    shop: Workshop, on_schedule: bool | None, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    put(shop)
    due = outage(shop, 3)
    if on_schedule is None:
        del shop.handlers["work"]
    else:
        shop.handlers["work"] = Handler("work", WORK, lambda _: None, on_schedule=False)
    assert not fire_due(shop.jobs)
    assert (made(shop), next_at(shop), caplog.records) == ([], due[0], [])
    assert told in str(stuck(shop))
    with pytest.raises(InvalidInput, match=told), shop.jobs.work("a") as work:
        run_now(work, "nightly")
    shop.on(lambda _: None)
    assert stuck(shop) is None
    fire_due(shop.jobs)
    assert made(shop) == due, "as after an outage"


def test_a_tick_that_fails_is_told_tried_again_later_and_not_each_second(
    shop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    put(shop)
    due = outage(shop, 1)
    shop.admin.execute("ALTER TABLE tolva.jobs ADD CONSTRAINT never CHECK (priority > 100) NOT VALID")
    for _ in range(3):
        fire_due(shop.jobs)
    assert len(caplog.records) == 1
    assert stuck(shop) == "An unexpected error; the log says which."
    shop.admin.execute("ALTER TABLE tolva.jobs DROP CONSTRAINT never")
    shop.admin.execute("UPDATE tolva.schedules SET look_at = now()")
    fire_due(shop.jobs)
    assert (made(shop), stuck(shop)) == (due, None)


def test_what_is_in_trouble_is_tried_again_at_once_when_it_is_changed(shop: Workshop) -> None:
    put(shop)
    due = outage(shop, 1)
    shop.admin.execute("UPDATE tolva.schedules SET trouble = 'odd', look_at = now() + interval '1 h'")
    fire_due(shop.jobs)
    assert (made(shop), stuck(shop)) == ([], "odd")
    put(shop, missed="latest")
    assert stuck(shop) is None
    fire_due(shop.jobs)
    assert made(shop) == due


def test_due_schedules_are_read_in_portions_and_without_their_parameters(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firing, "PORTION", 2)
    for name in ("1", "2", "3"):
        put(shop, name=name)
        outage(shop, 1, name)
    assert fire_due(shop.jobs), "there may be more"
    assert len(made(shop)) == 2
    assert not fire_due(shop.jobs)
    assert len(made(shop)) == 3
    with shop.db.connection() as conn:
        columns = conn.execute("SELECT * FROM tolva.due_schedules('{work}', 1)").description
    assert "params" not in [column.name for column in columns or ()]


def test_the_number_of_a_tenants_schedules_is_bounded_and_those_that_there_are_can_be_changed(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "MOST", 2)
    put(shop, name="1")
    put(shop, name="2")
    put(shop, "b", name="3")
    with pytest.raises(Conflict, match="There are 2 schedules already"):
        put(shop, name="3")
    put(shop, name="2", cron="0 6 * * *")


def test_no_more_are_made_by_several_at_once(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MOST", 1)
    waiting = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"

    def second() -> None:
        with pytest.raises(Conflict):
            put(shop, name="2")

    with ThreadPoolExecutor(1) as pool:
        with shop.db.transaction("a") as conn:
            put_schedule(conn, shop.catalogue, "a", Schedule("1", "0 6 * * *", "UTC", NewJob("work")))
            later = pool.submit(second)
            until(lambda: shop.admin.execute(waiting).fetchall())
        later.result(10)


def test_what_a_schedule_may_be_given_its_jobs_can_hold(shop: Workshop) -> None:
    def given(size: int) -> Schedule:
        return Schedule("n", "0 6 * * *", "UTC", NewJob("work", {"a": "x" * (size - len('{"a":""}'))}))

    with pytest.raises(InvalidInput, match="over the limit of 999,900"), shop.db.transaction("a") as conn:
        put_schedule(conn, shop.catalogue, "a", given(schedule.MOST_GIVEN + 1))
    with shop.jobs.work("a") as work:
        put_schedule(work.conn, shop.catalogue, "a", given(schedule.MOST_GIVEN))
        run_now(work, "n")


def test_lists_come_in_pages_and_with_what_is_short_of_the_parameters(shop: Workshop) -> None:
    params = {"days": 1, "long": "x" * 300, "deep": {"a": 1}}
    with shop.db.transaction("a") as conn:
        for name in ("c", "a", "b"):
            put_schedule(conn, shop.catalogue, "a", Schedule(name, "0 6 * * *", "UTC", NewJob("work", params)))
        first = list_schedules(conn, most=2)
        [last] = list_schedules(conn, after=first[-1]["name"], most=2)
        assert get_schedule(conn, "c")["params"] == params
    assert [row["name"] for row in (*first, last)] == ["a", "b", "c"]
    assert last["params"] == {"days": 1}


def test_tenants_may_use_the_same_name_and_do_not_see_each_others(shop: Workshop) -> None:
    put(shop, "a")
    put(shop, "b", cron="0 6 * * *")
    with shop.db.transaction("b") as conn:
        assert [each["cron"] for each in list_schedules(conn)] == ["0 6 * * *"]
        drop_schedule(conn, "nightly")
    with shop.db.transaction("a") as conn:
        assert [each["cron"] for each in list_schedules(conn)] == ["* * * * *"]
    with pytest.raises(NotFound), shop.db.transaction("b") as conn:
        drop_schedule(conn, "nightly")


def test_ticks_of_two_tenants_with_the_same_name_are_two_jobs(shop: Workshop) -> None:
    put(shop, "a")
    put(shop, "b")
    outage(shop, 2)
    fire_due(shop.jobs)
    assert len(made(shop)) == 4
