"""Which job is handed out next, and to whom."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg
import pytest

from tests.jobs.workshop import Workshop, together
from tolva.core.job import Claimed, Queue, Verb
from tolva.errors import LeaseLost
from tolva.jobs.sql import SQL


def test_the_lower_priority_number_goes_first_then_the_older_job(shop: Workshop) -> None:
    later, first = shop.put(priority=7), shop.put(priority=1)
    second, third = shop.put(priority=5), shop.put(priority=5)
    assert [job.id for job in (shop.take() for _ in range(4))] == [first, second, third, later]
    assert shop.claim() == []


def test_one_claim_of_many_answers_in_the_same_order(shop: Workshop) -> None:
    ids = [shop.put(priority=priority) for priority in (5, 1, 9, 1)]
    assert [job.id for job in shop.claim(3)] == [ids[1], ids[3], ids[0]]
    assert [job.id for job in shop.claim(3)] == [ids[2]]


def test_an_urgent_job_of_one_tenant_goes_before_the_turn_of_another(shop: Workshop) -> None:
    shop.put_many(3, tenant="a")
    urgent = shop.put(tenant="b", priority=1)
    assert shop.take().id == urgent


def test_a_job_ahead_of_its_time_is_not_handed_out(shop: Workshop) -> None:
    late = shop.put(run_at=datetime.now(UTC) + timedelta(hours=1), priority=0)
    ready = shop.put(priority=9)
    assert [job.id for job in shop.claim(9)] == [ready]
    shop.due_now()
    assert shop.take().id == late


def test_a_time_long_past_goes_before_one_just_past(shop: Workshop) -> None:
    shop.put()
    old = shop.put(run_at=datetime.now(UTC) - timedelta(days=1))
    assert shop.take().id == old


def test_a_claim_carries_what_the_attempt_needs(shop: Workshop) -> None:
    id = shop.put(params={"file": "ñandú.csv"}, tenant="b")
    job = shop.take()
    assert (job.id, job.tenant_id, job.kind, job.params) == (id, "b", "work", {"file": "ñandú.csv"})
    assert (job.attempt, job.failures, job.checkpoint, job.progress) == (1, 0, None, {})
    row = shop.row(id)
    assert (row["state"], str(row["worker_id"]), row["attempt"]) == ("running", shop.worker, 1)
    assert row["started_at"] >= row["created_at"]
    shop.end(job, Verb.RELEASE)
    assert shop.take().attempt == 2


def test_claimers_at_the_same_time_never_get_the_same_job(shop: Workshop) -> None:
    shop.put_many(60, tenant="a")
    shop.put_many(60, tenant="b")
    workers = [shop.join() for _ in range(4)]

    def take_all(worker: str) -> list[str]:
        taken = []
        while jobs := shop.claim(3, worker=worker):
            taken += [job.id for job in jobs]
        return taken

    taken = Counter(id for ids in together(*[partial(take_all, worker) for worker in workers]) for id in ids)
    assert len(taken) == 120
    assert set(taken.values()) == {1}


def test_a_job_that_somebody_holds_just_now_is_passed_over(shop: Workshop) -> None:
    held, free = shop.put(), shop.put()
    with psycopg.connect(shop.admin.info.dsn, password=shop.admin.info.password) as other:
        other.execute("SELECT 1 FROM tolva.jobs WHERE id = %s FOR UPDATE", (held,))
        with shop.db.transaction() as conn:
            conn.execute("SET LOCAL lock_timeout = '2s'")
            given = {"worker": shop.worker, "queue": "work", "most": 2}
            assert [str(row["id"]) for row in conn.execute(SQL["claim"], given)] == [free]
    assert shop.take().id == held


def test_a_paused_queue_hands_out_nothing_until_it_goes_on(shop: Workshop) -> None:
    id = shop.put()
    pause(shop, True)
    assert shop.claim(5) == []
    assert shop.state(id) == "queued"
    pause(shop, False)
    assert shop.take().id == id


def test_pausing_twice_keeps_the_first_moment(shop: Workshop) -> None:
    pause(shop, True)
    first = shop.admin.execute("SELECT paused_at FROM tolva.queues").fetchall()
    pause(shop, True)
    assert shop.admin.execute("SELECT paused_at FROM tolva.queues").fetchall() == first


def pause(shop: Workshop, paused: bool, queue: str = "work") -> bool:
    with shop.db.connection() as conn:
        row = conn.execute("SELECT tolva.set_paused(%s, %s) AS known", (queue, paused)).fetchone()
    return row is not None and row["known"]


def test_an_unknown_queue_has_nothing_and_cannot_be_paused(shop: Workshop) -> None:
    assert shop.claim(queue="nowhere") == []
    assert not pause(shop, True, "nowhere")


def test_a_queue_hands_out_its_own_jobs_alone(shop: Workshop) -> None:
    shop.on(lambda ctx: None, "other", Queue("other"))
    shop.open("other")
    mine, other = shop.put(), shop.put("other", priority=0)
    assert [job.id for job in shop.claim(9)] == [mine]
    assert [job.id for job in shop.claim(9, queue="other")] == [other]


def test_a_worker_without_a_lease_gets_nothing_and_is_told(shop: Workshop) -> None:
    id = shop.put()
    with pytest.raises(psycopg.DatabaseError) as refused:
        shop.claim(worker="01a20181-4971-727b-a087-d5bc29d55f10")
    assert refused.value.sqlstate == "TV001"
    shop.admin.execute("DELETE FROM tolva.workers")
    with pytest.raises(LeaseLost):
        shop.runner().run_next("work")
    assert shop.state(id) == "queued"


def leave(shop: Workshop, culprit: Claimed | None = None) -> None:
    with shop.db.connection() as conn:
        given = {"worker": shop.worker, "reason": '{"message": "gone"}', "culprit": culprit and culprit.id}
        more = {"culprit_error": '{"message": "late"}', "delay": 60.0, "verb": Verb.RELEASE, "most_losses": 10}
        conn.execute(SQL["leave_worker"], given | more).fetchall()


def test_a_worker_that_leaves_gives_its_jobs_back_at_once(shop: Workshop) -> None:
    shop.put_many(2)
    mine = shop.take()
    other = shop.take(worker=shop.join())
    leave(shop)
    assert (shop.state(mine.id), shop.state(other.id)) == ("queued", "running")
    assert (shop.row(mine.id)["failures"], shop.row(mine.id)["losses"]) == (0, 0)


def test_only_the_culprit_fails_and_waits_when_a_worker_was_ended_for_it(shop: Workshop) -> None:
    shop.put_many(3)
    culprit, *others = shop.claim(3)
    leave(shop, culprit)
    row = shop.row(culprit.id)
    assert (row["state"], row["failures"], row["error"]) == ("queued", 1, {"message": "late"})
    assert row["run_at"] > datetime.now(UTC) + timedelta(seconds=50)
    shop.worker = shop.join()
    again = shop.claim(3)
    assert {job.id for job in again} == {job.id for job in others}
    assert {job.failures for job in again} == {0}
