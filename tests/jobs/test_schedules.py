"""Schedules in the database: each tick one job, whoever fires it, and what an outage leaves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.jobs.workshop import Workshop, together, until
from tolva.core.job import NewJob, Verb
from tolva.errors import InvalidInput, NotFound
from tolva.jobs import schedule as schedules
from tolva.jobs.listing import JobFilter, list_jobs
from tolva.jobs.schedule import Schedule, drop_schedule, fire_due, list_schedules, put_schedule

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
    assert not fire_due(shop.db, shop.engine)
    assert made(shop) == []


def test_a_tick_makes_the_job_that_was_asked_for_and_rings(shop: Workshop) -> None:
    put(shop)
    (tick,) = outage(shop, 1)
    fire_due(shop.db, shop.engine)
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
    fire_due(shop.db, shop.engine)
    with shop.db.transaction("a") as conn:
        [row] = list_jobs(conn, "a", JobFilter(search="sync")).jobs
    assert row["label"] == "Nightly sync"


def test_a_tick_is_made_once_however_many_fire_it(shop: Workshop) -> None:
    put(shop)
    due = outage(shop, 20)
    together(*[lambda: fire_due(shop.db, shop.engine)] * 4)
    assert made(shop) == due
    fire_due(shop.db, shop.engine)
    assert made(shop) == due


def test_a_tick_is_not_made_again_after_its_job_has_ended(shop: Workshop) -> None:
    put(shop)
    due = outage(shop, 1)
    fire_due(shop.db, shop.engine)
    shop.end(shop.take(), Verb.COMPLETE)
    outage(shop, 1)
    shop.admin.execute("UPDATE tolva.schedules SET next_at = %s", (due[0],))
    fire_due(shop.db, shop.engine)
    assert made(shop) == due


def test_after_an_outage_all_ticks_are_made_up_for(shop: Workshop) -> None:
    put(shop)
    due = outage(shop, 30)
    fire_due(shop.db, shop.engine)
    assert made(shop) == due


def test_after_an_outage_the_latest_alone_is_made_where_that_was_asked_for(shop: Workshop) -> None:
    put(shop, missed="latest")
    due = outage(shop, 30)
    fire_due(shop.db, shop.engine)
    assert made(shop) == due[-1:]
    assert next_at(shop) > datetime.now(UTC)


@pytest.mark.parametrize(("missed", "jobs"), [("all", 25), ("latest", 1)])
def test_a_long_outage_is_made_up_for_in_portions(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, missed: str, jobs: int
) -> None:
    monkeypatch.setattr(schedules, "MOST_TICKS", 10)
    put(shop, missed=missed)
    due = outage(shop, 25)
    calls = 1
    while fire_due(shop.db, shop.engine):
        calls += 1
    assert made(shop) == due[-jobs:]
    assert calls == (3 if missed == "all" else 1)


def test_a_new_cron_starts_from_now(shop: Workshop) -> None:
    put(shop)
    outage(shop, 5)
    following = put(shop, cron="0 0 1 1 *")
    assert next_at(shop) == following > datetime.now(UTC)
    fire_due(shop.db, shop.engine)
    assert made(shop) == []


def test_a_new_zone_starts_from_now(shop: Workshop) -> None:
    put(shop, cron="0 6 * * *")
    assert put(shop, cron="0 6 * * *", timezone="America/Lima") == next_at(shop)


def test_a_change_of_anything_else_keeps_the_ticks_that_are_due(shop: Workshop) -> None:
    put(shop)
    due = outage(shop, 3)
    put(shop, missed="latest")
    fire_due(shop.db, shop.engine)
    assert made(shop) == due[-1:]


def test_a_change_while_somebody_fires_the_old_one_makes_no_old_tick(shop: Workshop) -> None:
    put(shop)
    outage(shop, 5)
    with shop.db.connection() as conn:
        (stale,) = conn.execute("SELECT * FROM tolva.due_schedules()").fetchall()
    put(shop, cron="0 0 1 1 *")
    schedules._fire(shop.db, shop.engine, stale)
    assert made(shop) == []


def test_a_paused_schedule_makes_nothing(shop: Workshop) -> None:
    put(shop)
    outage(shop, 3)
    shop.admin.execute("UPDATE tolva.schedules SET paused_at = now()")
    fire_due(shop.db, shop.engine)
    assert made(shop) == []


def test_a_schedule_that_cannot_run_any_more_does_not_hold_up_the_others(shop: Workshop) -> None:
    put(shop, name="gone")
    put(shop)
    outage(shop, 1, "gone")
    due = outage(shop, 2)
    shop.admin.execute("UPDATE tolva.schedules SET timezone = 'Mars/Olympus' WHERE name = 'gone'")
    fire_due(shop.db, shop.engine)
    assert made(shop) == due


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
    fire_due(shop.db, shop.engine)
    assert len(made(shop)) == 4
