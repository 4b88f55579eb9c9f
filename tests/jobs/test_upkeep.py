"""Rescue, ring again, prune: what is done again and again, by whoever comes first."""

import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
import pytest
from psycopg import sql

from tests.jobs.workshop import ERROR, Workshop, together, until
from tolva.core.job import Claimed, JobId, Verb
from tolva.errors import DatabaseUnavailable
from tolva.jobs import upkeep
from tolva.jobs.clock import JumpingClock
from tolva.jobs.sql import SQL
from tolva.jobs.upkeep import Chore, Rescue, RingAgain, keep_up, kept_up

DAY = 86_400.0


def running(shop: Workshop, *, lease: float = 600) -> Claimed:
    shop.put()
    return shop.take(worker=shop.join(lease=lease))


def rescue(shop: Workshop) -> bool:
    return shop.rescue()


def let_lease_end(shop: Workshop) -> None:
    shop.admin.execute("UPDATE tolva.workers SET lease_until = now() - interval '1 s'")


def test_a_job_is_rescued_once_the_lease_of_its_worker_is_over(shop: Workshop) -> None:
    job = running(shop, lease=0.001)
    let_lease_end(shop)
    shop.engine.rung.clear()
    assert rescue(shop)
    row = shop.row(job.id)
    assert (row["state"], row["losses"], row["failures"]) == ("queued", 1, 0)
    assert row["error"]["type"] == "WorkerLost"
    assert shop.engine.rung == ["work"]
    assert shop.admin.execute("SELECT * FROM tolva.workers WHERE lease < '1 s'").fetchall() == []
    assert not rescue(shop)


def test_a_job_is_not_rescued_while_the_lease_runs(shop: Workshop) -> None:
    job = running(shop)
    assert not rescue(shop)
    assert shop.state(job.id) == "running"


def test_a_worker_that_beats_keeps_its_jobs_however_long_they_take(shop: Workshop) -> None:
    job = running(shop)
    worker = shop.row(job.id)["worker_id"]
    shop.admin.execute("UPDATE tolva.jobs SET started_at = now() - interval '90 s'")  # hard limit: 120 s
    let_lease_end(shop)
    with shop.db.connection() as conn:
        rows = conn.execute(SQL["beat"], {"workers": [worker], "jump": 0.0}).fetchall()
    assert rows == [{"worker_id": worker, "overdue": None}]
    assert not rescue(shop)
    assert shop.state(job.id) == "running"


def test_a_beat_names_the_job_that_passed_its_hard_limit(shop: Workshop) -> None:
    job = running(shop)
    shop.admin.execute("UPDATE tolva.jobs SET started_at = now() - interval '121 s'")
    with shop.db.connection() as conn:
        (row,) = conn.execute(SQL["beat"], {"workers": [shop.row(job.id)["worker_id"]], "jump": 0.0}).fetchall()
    assert str(row["overdue"]) == job.id


def test_a_beat_does_not_bring_back_a_worker_that_was_given_up(shop: Workshop) -> None:
    job = running(shop, lease=0.001)
    worker = shop.row(job.id)["worker_id"]
    let_lease_end(shop)
    rescue(shop)
    with shop.db.connection() as conn:
        assert conn.execute(SQL["beat"], {"workers": [worker], "jump": 0.0}).fetchall() == []


def test_after_a_restart_of_postgresql_every_worker_has_a_full_lease_to_report(shop: Workshop) -> None:
    """A lease longer than the server is up cannot have been prolonged meanwhile."""
    job = running(shop)
    shop.admin.execute(
        """
        UPDATE tolva.workers SET lease_until = now() - interval '1 h',
          lease = clock_timestamp() - pg_postmaster_start_time() + interval '30 s'"""
    )
    assert not rescue(shop)
    assert shop.state(job.id) == "running"
    shop.admin.execute(
        "UPDATE tolva.workers SET lease = clock_timestamp() - pg_postmaster_start_time() - interval '1ms'"
    )
    assert rescue(shop)


def test_jobs_of_a_worker_whose_row_is_gone_are_rescued(shop: Workshop) -> None:
    job = running(shop)
    shop.admin.execute("DELETE FROM tolva.workers")
    assert rescue(shop)
    assert shop.state(job.id) == "queued"


def test_many_who_rescue_at_once_count_one_loss(shop: Workshop) -> None:
    jobs = [running(shop, lease=0.001) for _ in range(5)]
    let_lease_end(shop)
    together(*[partial(rescue, shop)] * 4)
    assert [shop.row(job.id)["losses"] for job in jobs] == [1] * 5


def test_a_waiting_parent_is_not_rescued(shop: Workshop) -> None:
    job = running(shop, lease=0.001)
    shop.spawn(job)
    shop.end(job, Verb.WAIT)
    let_lease_end(shop)
    assert not rescue(shop)
    assert shop.state(job.id) == "waiting"


def test_only_queues_where_ready_jobs_wait_are_rung_again(shop: Workshop) -> None:
    shop.open("idle")
    shop.put(run_at=datetime.now(UTC) + timedelta(hours=1))
    ring_again = RingAgain(shop.db, shop.engine, ["work", "idle"])
    ring_again.look()
    assert shop.engine.rung == []
    shop.due_now()
    ring_again.look()
    assert shop.engine.rung == ["work"]


def finished(shop: Workshop, verb: Verb = Verb.COMPLETE, days: int = 40) -> JobId:
    """A job that ended so many days ago."""
    shop.put(priority=0, label="old.csv")
    job = shop.take()
    shop.end(job, verb, ERROR)
    return age(shop, job.id, days)


def age(shop: Workshop, id: JobId, days: int) -> JobId:
    """Make a job so many days old, its id too."""
    row = shop.admin.execute(
        """
        SELECT overlay(id::text placing left(tolva.uuid_at(now() - make_interval(days => %s))::text, 13)
          from 1 for 13)::uuid AS old FROM tolva.jobs WHERE id = %s""",
        (days, id),
    ).fetchone()
    assert row is not None
    given = {"id": id, "old": row["old"], "days": days}
    shop.admin.execute(
        """
        UPDATE tolva.jobs SET id = %(old)s, created_at = created_at - make_interval(days => %(days)s),
          finished_at = finished_at - make_interval(days => %(days)s) WHERE id = %(id)s""",
        given,
    )
    shop.admin.execute("UPDATE tolva.jobs SET parent_id = %(old)s WHERE parent_id = %(id)s", given)
    shop.admin.execute("UPDATE tolva.job_events SET job_id = %(old)s WHERE job_id = %(id)s", given)
    shop.admin.execute("UPDATE tolva.dead_letters SET job_id = %(old)s WHERE job_id = %(id)s", given)
    shop.admin.execute("UPDATE tolva.job_words SET job_id = %(old)s WHERE job_id = %(id)s", given)
    return JobId(str(row["old"]))


def prune(shop: Workshop) -> bool:
    return upkeep.prune(shop.db, keep_finished=30 * DAY, keep_failed=90 * DAY)


def kept(shop: Workshop) -> set[str]:
    return {str(row["id"]) for row in shop.admin.execute("SELECT id FROM tolva.jobs")}


def test_what_has_outlived_its_time_goes_with_its_events_letters_and_words(shop: Workshop) -> None:
    finished(shop, Verb.COMPLETE)
    finished(shop, Verb.CANCEL)
    finished(shop, Verb.FAIL, 100)
    young = finished(shop, days=20)
    assert not prune(shop)
    assert kept(shop) == {young}
    for table in ("job_events", "job_words"):
        left = shop.admin.execute(sql.SQL("SELECT DISTINCT job_id FROM tolva.{}").format(sql.Identifier(table)))
        assert [str(row["job_id"]) for row in left] == [young]
    assert shop.admin.execute("SELECT * FROM tolva.dead_letters").fetchall() == []


def test_failed_jobs_are_kept_longer(shop: Workshop) -> None:
    failed = finished(shop, Verb.FAIL)
    prune(shop)
    assert kept(shop) == {failed}
    assert len(shop.letters(failed)) == 1


def test_old_jobs_that_are_still_open_are_kept(shop: Workshop) -> None:
    shop.put_many(2)
    ids = {age(shop, shop.take().id, 300), age(shop, shop.take().id, 400)}
    ids.add(age(shop, shop.put(), 500))
    prune(shop)
    assert kept(shop) == ids


def test_what_ended_just_now_is_kept_however_old_it_is(shop: Workshop) -> None:
    id = age(shop, shop.put(), 400)
    shop.end(shop.take(), Verb.COMPLETE)
    prune(shop)
    assert kept(shop) == {id}


def test_a_parent_stays_while_a_child_is_open_and_a_child_while_its_parent_is(shop: Workshop) -> None:
    shop.put()
    parent = shop.take()
    shop.spawn(parent, 2, priority=0)
    first, second = shop.claim(2)
    shop.end(first, Verb.COMPLETE)
    child = age(shop, first.id, 60)
    prune(shop)
    assert child in kept(shop)  # the parent has not read its result yet
    shop.end(parent, Verb.COMPLETE)
    old_parent = age(shop, parent.id, 61)
    prune(shop)
    assert kept(shop) == {old_parent, second.id}
    shop.end(second, Verb.COMPLETE)
    prune(shop)
    assert kept(shop) == {second.id}


def test_pruning_goes_in_portions(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "PORTION", 2)
    for days in range(40, 45):
        finished(shop, days=days)
    assert [prune(shop), prune(shop), prune(shop)] == [True, True, False]
    assert kept(shop) == set()


def test_two_who_prune_at_once_do_not_wait_for_each_other(shop: Workshop) -> None:
    for days in range(40, 50):
        finished(shop, days=days)
    together(*[partial(prune, shop)] * 3)
    prune(shop)
    assert kept(shop) == set()


def test_the_id_of_a_moment_sorts_with_real_ids(shop: Workshop, admin: psycopg.Connection) -> None:
    id = shop.put()
    row = admin.execute(
        """
        SELECT tolva.uuid_at(created_at - interval '5 s') < id AND id < tolva.uuid_at(created_at + interval '5 s') AS ok
        FROM tolva.jobs WHERE id = %s""",
        (id,),
    ).fetchone()
    assert row == {"ok": True}


@pytest.mark.parametrize("error", [DatabaseUnavailable("away"), ZeroDivisionError(), psycopg.DataError("bad")])
def test_a_chore_that_raises_does_not_stop_itself_or_the_others(error: Exception) -> None:
    stop, done = threading.Event(), {"bad": 0, "good": 0}

    def bad() -> bool:
        done["bad"] += 1
        raise error

    def good() -> bool:
        done["good"] += 1
        return False

    chores = [Chore("bad", 0.01, bad), Chore("good", 0.01, good)]
    thread = threading.Thread(target=keep_up, args=(chores, stop))
    thread.start()
    until(lambda: min(done.values()) >= 3)
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_a_chore_with_more_to_do_goes_on_at_once_and_another_keeps_its_rhythm() -> None:
    stop, done = threading.Event(), []

    def portion() -> bool:
        done.append("portion")
        if len(done) == 5:
            stop.set()
        return True

    keep_up([Chore("hourly", 3600, lambda: bool(done.append("hourly"))), Chore("portions", 3600, portion)], stop)
    assert done == ["hourly", *["portion"] * 4]


def test_a_rare_chore_that_hangs_holds_up_neither_the_others_nor_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "FAREWELL", 0.1)
    hangs, answers, done = threading.Event(), threading.Event(), list[int]()

    def hang() -> bool:
        hangs.set()
        return answers.wait(60)

    with kept_up([Chore("files", 3600, hang), Chore("rescue", 0.01, lambda: bool(done.append(1)))]):
        assert hangs.wait(10)
        before = len(done)
        until(lambda: len(done) > before + 2)
    answers.set()


def test_the_standard_chores_run_on_an_empty_database(shop: Workshop) -> None:
    for chore in upkeep.standard_chores(shop.jobs, ["work"], keep_finished=DAY, keep_failed=DAY):
        assert chore.do() is False


def test_a_clock_that_jumps_makes_no_worker_lost(shop: Workshop) -> None:
    behind = [0.0]
    rescue = Rescue(shop.db, shop.engine, JumpingClock(lambda: time.monotonic() - behind[0]))
    job = running(shop)
    assert not rescue.look()
    behind[0] = 3600  # so an hour passes by PostgreSQL's clock alone
    let_lease_end(shop)
    assert not rescue.look()
    assert not rescue.look()
    assert shop.state(job.id) == "running"
    shop.admin.execute("UPDATE tolva.workers SET lease = '1 ms', lease_until = now() - interval '1 s'")
    assert rescue.look()


def test_a_clock_that_jumps_after_it_was_looked_at_is_not_believed(shop: Workshop) -> None:
    job = running(shop)
    let_lease_end(shop)
    with shop.db.connection() as conn:
        given = {"reason": "{}", "most_losses": 3, "jump": 0.0, "latest": datetime.now(UTC) - timedelta(hours=1)}
        assert conn.execute(SQL["rescue"], given).fetchall() == []
    assert shop.state(job.id) == "running"


def test_jobs_that_run_while_the_clock_jumps_are_not_late(shop: Workshop) -> None:
    job = running(shop)
    worker = shop.row(job.id)["worker_id"]
    shop.admin.execute("UPDATE tolva.jobs SET started_at = started_at - interval '1 h'")  # the clock went ahead
    with shop.db.connection() as conn:
        [row] = conn.execute(SQL["beat"], {"workers": [worker], "jump": 3600.0}).fetchall()
        assert row["overdue"] is None
        [row] = conn.execute(SQL["beat"], {"workers": [worker], "jump": -3600.0}).fetchall()
        assert str(row["overdue"]) == job.id
