"""Why a job waits, and how the queues stand."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.jobs.workshop import ERROR, QUESTION, Workshop
from tolva.core.job import JobId, State, Verb
from tolva.jobs import queue_states as module
from tolva.jobs import store, waiting
from tolva.jobs.counted import Counted
from tolva.jobs.queue_states import Minute, QueueState, queue_states, throughput
from tolva.jobs.sql import SQL
from tolva.jobs.waiting import Reason, Wait, why_waiting

LATER = datetime(2999, 1, 1, tzinfo=UTC)


def why(shop: Workshop, id: JobId) -> Reason | None:
    with shop.db.transaction("a") as conn:
        return why_waiting(conn, store.get_job(conn, id))


def turn(ahead: int, *, priority: int = 5, exact: bool = True) -> Reason:
    return Reason(Wait.TURN, {"queue": "work", "priority": priority, "ahead": Counted(ahead, exact)})


@contextmanager
def paused(shop: Workshop) -> Iterator[None]:
    for now in (True, False):
        with shop.db.connection() as conn:
            conn.execute(SQL["set_paused"], {"queue": "work", "paused": now})
        if now:
            yield


def test_a_job_waits_for_its_turn_behind_those_of_its_tenant(shop: Workshop) -> None:
    first, second = shop.put(), shop.put()
    urgent = shop.put(priority=1)
    shop.put(priority=9)
    shop.put(priority=0, run_at=LATER)
    shop.put(priority=0, tenant="b")
    assert why(shop, urgent) == turn(0, priority=1)
    assert why(shop, first) == turn(1)
    assert why(shop, second) == turn(2)


def test_many_jobs_ahead_are_not_all_counted(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST_AHEAD", 3)
    shop.put_many(5)
    assert why(shop, shop.put()) == turn(3, exact=False)


def test_a_job_waits_for_its_time_or_its_next_try(shop: Workshop) -> None:
    assert why(shop, shop.put(run_at=LATER)) == Reason(Wait.SCHEDULED, {"at": LATER})
    id = shop.put()
    shop.end(shop.take(), Verb.RETRY, ERROR, delay=600)
    facts = {"at": shop.row(id)["run_at"], "failures": 1, "max_attempts": 3, "message": "it broke"}
    assert why(shop, id) == Reason(Wait.RETRY, facts)


def test_a_job_waits_for_an_open_queue_a_worker_and_a_token(shop: Workshop) -> None:
    id = shop.put()
    with paused(shop):
        reason = why(shop, id)
    assert reason
    assert (reason.code, reason.facts["queue"]) == (Wait.PAUSED, "work")
    shop.admin.execute("UPDATE tolva.workers SET lease_until = now() - interval '1 s'")
    assert why(shop, id) == Reason(Wait.NO_WORKER, {"queue": "work"})
    shop.join()
    with shop.db.transaction("a") as conn:
        store.set_lane(conn, "a", "work", rate=0.01)
    assert why(shop, id) == turn(0)
    shop.put()
    shop.take()
    reason = why(shop, shop.put())
    assert reason
    assert reason.code == Wait.RATE_LIMIT
    assert timedelta(0) < reason.facts["at"] - datetime.now(UTC) < timedelta(seconds=110)


def test_a_parent_waits_for_its_children_and_what_runs_or_ended_for_nothing(shop: Workshop) -> None:
    parent = shop.put()
    job = shop.take()
    assert why(shop, parent) is None
    shop.spawn(job, 2)
    shop.end(job, Verb.WAIT)
    assert why(shop, parent) == Reason(Wait.CHILDREN, {"open": 2})
    done = shop.take()
    shop.end(done, Verb.COMPLETE)
    assert why(shop, done.id) is None


def state(shop: Workshop, tenant: str = "a") -> QueueState:
    with shop.db.transaction(tenant) as conn:
        [found] = [each for each in queue_states(conn) if each.name == "work"]
    return found


def test_a_queue_tells_what_stands_in_it_and_what_came_out(shop: Workshop) -> None:
    shop.put_many(6)
    shop.put(run_at=LATER)
    shop.put(priority=0, tenant="b")
    shop.take()
    parent = shop.take()
    shop.end(shop.take(), Verb.COMPLETE)
    shop.end(shop.take(), Verb.FAIL, ERROR)
    shop.spawn(parent)
    shop.end(parent, Verb.WAIT)
    found = state(shop)
    states = {name: sum(row["state"] == name for row in rows_of(shop)) for name in State}
    assert found.ready == Counted(states["queued"] - 1)
    assert (found.scheduled, found.next_run) == (Counted(1), LATER)
    assert (found.running.number, found.waiting.number) == (states["running"], states["waiting"])
    ended = found.last_minute
    assert (ended.completed.number, ended.failed.number) == (states["completed"], states["failed"])
    assert found.last_hour == ended
    assert found.oldest_wait is not None
    assert 0 <= found.oldest_wait < 60
    assert state(shop, "c") == QueueState(
        "work", None, None, *[Counted(0)] * 4, None, None, *[module.Ended(*[Counted(0)] * 3)] * 2, 1, None, None
    )


def test_a_question_is_counted_apart_from_what_broke(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.put_many(3)
    for error in (QUESTION, QUESTION | {"answered_by": "another"}, ERROR):
        shop.end(shop.take(), Verb.FAIL, error)
    ended = state(shop).last_hour
    assert (ended.failed, ended.asked, ended.broken) == (Counted(3), Counted(2), Counted(1))
    assert failed_and_asked(shop) == (1, 2)
    monkeypatch.setattr(module, "MOST_OF_MINUTE", 3)
    shop.admin.execute("UPDATE tolva.jobs SET finished_at = now()")  # in one minute
    assert failed_and_asked(shop) == (3, 0), "of too many each counts once, too"


def failed_and_asked(shop: Workshop) -> tuple[int, int]:
    with shop.db.transaction("a") as conn:
        minutes = throughput(conn)
    return sum(each.failed for each in minutes), sum(each.asked for each in minutes)


def rows_of(shop: Workshop) -> list[dict[str, str]]:
    return shop.admin.execute("SELECT state FROM tolva.jobs WHERE tenant_id = 'a'").fetchall()


def test_a_long_queue_is_not_counted_to_its_end(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_COUNTED", 2)
    shop.put_many(3)
    with paused(shop):
        found = state(shop)
    assert str(found.ready) == "2+"
    assert found.paused_at is not None


def test_a_chart_has_each_of_the_last_minutes(shop: Workshop) -> None:
    shop.put_many(2)
    shop.end(shop.take(), Verb.COMPLETE)
    shop.end(shop.take(), Verb.COMPLETE)
    shop.admin.execute(
        """UPDATE tolva.jobs SET finished_at = finished_at - interval '5 minutes'
        WHERE id IN (SELECT id FROM tolva.jobs LIMIT 1)"""
    )
    with shop.db.transaction("a") as conn:
        minutes = throughput(conn)
    assert len(minutes) == 60
    assert sum(each.completed for each in minutes) == 2
    assert sum(each.completed for each in minutes[-2:]) == 1
    assert minutes == sorted(minutes, key=lambda each: each.minute)
    assert isinstance(minutes[0], Minute)
