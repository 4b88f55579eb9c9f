"""Cancel and retry, and that another tenant's job is not there at all."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from psycopg.errors import InsufficientPrivilege

from tests.jobs.workshop import ERROR, Workshop, together, until
from tolva.core.job import JobId, Verb
from tolva.errors import Cancelled, Conflict, NotFound
from tolva.jobs import pulse, store
from tolva.jobs.context import Context
from tolva.jobs.letters import LetterFilter, dead_letters, with_letter
from tolva.jobs.listing import JobFilter, list_jobs
from tolva.jobs.sql import SQL
from tolva.jobs.work import Work

UNKNOWN = JobId("01a20181-4971-727b-a087-d5bc29d55f10")


def cancel(shop: Workshop, id: JobId, tenant: str = "a") -> str:
    with shop.jobs.work(tenant) as work:
        return work.cancel(id)


def test_a_queued_job_that_was_cancelled_never_starts(shop: Workshop) -> None:
    started = []
    shop.on(lambda ctx: started.append(ctx.job_id))
    id = shop.put()
    assert cancel(shop, id) == "cancelled"
    assert shop.run() == 0
    assert started == []
    assert (shop.row(id)["attempt"], shop.events(id)) == (0, ["cancelled"])


def test_a_cancel_while_every_worker_is_down_holds(shop: Workshop) -> None:
    id = shop.put(run_at=datetime.now(UTC) + timedelta(hours=1))
    running = shop.put()
    assert shop.take().id == running
    shop.admin.execute("DELETE FROM tolva.workers")
    assert cancel(shop, id) == "cancelled"
    assert cancel(shop, running) == "running"
    shop.worker = shop.join()
    shop.admin.execute("UPDATE tolva.jobs SET run_at = now() WHERE state = 'queued'")
    assert shop.rescue()
    assert shop.run() == 0
    assert shop.states([id, running]) == ["cancelled", "cancelled"]


def test_a_running_job_is_told_at_its_next_transaction(shop: Workshop) -> None:
    def work(ctx: Context) -> None:
        cancel(shop, ctx.job_id)
        with ctx.transaction():
            raise AssertionError("the transaction was opened")

    id = shop.put()
    shop.on(work)
    shop.run()
    assert (shop.state(id), shop.events(id)) == ("cancelled", ["started", "cancel_requested", "cancelled"])


def test_a_running_job_hears_of_it_by_the_pulse(shop: Workshop) -> None:
    heard = []

    def work(ctx: Context) -> None:
        assert not ctx.cancelled
        cancel(shop, ctx.job_id)
        pulse.ask(shop.db, shop.worker, shop.attempts)
        heard.append(ctx.cancelled)
        with pytest.raises(Cancelled):
            ctx.check()
        ctx.check()

    id = shop.put()
    shop.on(work)
    shop.run()
    assert (heard, shop.state(id)) == ([True], "cancelled")


def test_a_running_job_may_be_cancelled_twice_and_an_ended_one_may_not(shop: Workshop) -> None:
    id = shop.put()
    job = shop.take()
    assert [cancel(shop, id), cancel(shop, id)] == ["running", "running"]
    first = shop.row(id)["cancel_requested_at"]
    cancel(shop, id)
    assert shop.row(id)["cancel_requested_at"] == first
    shop.end(job, Verb.CANCEL)
    with pytest.raises(Conflict, match="cancelled already"):
        cancel(shop, id)


@pytest.mark.parametrize("verb", [Verb.COMPLETE, Verb.FAIL])
def test_cancel_of_an_ended_job_changes_nothing(shop: Workshop, verb: Verb) -> None:
    id = shop.put()
    shop.end(shop.take(), verb, ERROR)
    before = shop.row(id)
    with pytest.raises(Conflict):
        cancel(shop, id)
    assert shop.row(id) == before


def test_cancel_of_a_completed_parent_leaves_its_children_alone(shop: Workshop) -> None:
    shop.put()
    parent = shop.take()
    (child,) = shop.spawn(parent)
    shop.end(parent, Verb.COMPLETE)
    with pytest.raises(Conflict):
        cancel(shop, parent.id)
    assert shop.state(child) == "queued"


@pytest.mark.parametrize("verb", [Verb.FAIL, Verb.CANCEL])
def test_retry_goes_on_at_the_checkpoint_with_all_tries_again(shop: Workshop, verb: Verb) -> None:
    id = shop.put()
    ctx = shop.context(job := shop.take())
    with ctx.transaction():
        ctx.save({"at": 7})
        ctx.progress(rows=7)
    shop.end(job, verb, ERROR)
    with shop.jobs.work("a") as work:
        work.retry(id)
    again = shop.take()
    assert (again.checkpoint, again.progress, again.failures, again.attempt) == ({"at": 7}, {"rows": 7}, 0, 2)
    assert shop.row(id)["cancel_requested_at"] is None
    assert shop.engine.rung[-1] == "work"


def test_a_retried_job_is_not_cancelled_by_the_request_of_before(shop: Workshop) -> None:
    id = shop.put()
    job = shop.take()
    cancel(shop, id)
    shop.end(job, Verb.CANCEL)
    with shop.jobs.work("a") as work:
        work.retry(id)
    shop.run()
    assert shop.state(id) == "completed"


@pytest.mark.parametrize("state", ["queued", "running", "completed"])
def test_only_what_failed_or_was_cancelled_can_be_retried(shop: Workshop, state: str) -> None:
    id = shop.put()
    if state != "queued":
        job = shop.take()
        if state == "completed":
            shop.end(job, Verb.COMPLETE)
    with pytest.raises(Conflict, match=f"is {state}"), shop.jobs.work("a") as work:
        work.retry(id)
    with shop.jobs.work("a") as work:
        assert work.replay([id]) == []


def test_a_replay_may_be_for_later(shop: Workshop) -> None:
    id = shop.put()
    shop.end(shop.take(), Verb.FAIL, ERROR)
    with shop.jobs.work("a") as work:
        assert work.replay([id], datetime.now(UTC) + timedelta(hours=1)) == [id]
        assert work.rings == []
    assert shop.claim() == []


CALLS: dict[str, Callable[[Work, JobId], object]] = {
    "get": lambda work, id: store.get_job(work.conn, id),
    "cancel": lambda work, id: work.cancel(id),
    "retry": lambda work, id: work.retry(id),
}


@pytest.mark.parametrize("call", CALLS)
def test_an_unknown_job_is_not_found(shop: Workshop, call: str) -> None:
    with pytest.raises(NotFound, match=UNKNOWN), shop.jobs.work("a") as work:
        CALLS[call](work, UNKNOWN)


def failed_family_of_a(shop: Workshop) -> list[JobId]:
    """A failed parent, a failed child and a queued one, all of tenant a."""
    shop.put(tenant="a")
    parent = shop.take()
    children = shop.spawn(parent, 2, priority=0)
    shop.end(shop.take(), Verb.FAIL, ERROR)
    shop.end(parent, Verb.FAIL, ERROR)
    return [parent.id, *children]


@pytest.mark.parametrize("call", CALLS)
def test_another_tenants_job_is_not_found(shop: Workshop, call: str) -> None:
    for id in failed_family_of_a(shop):
        before = shop.row(id)
        with pytest.raises(NotFound), shop.jobs.work("b") as work:
            CALLS[call](work, id)
        assert shop.row(id) == before


def test_another_tenants_jobs_are_neither_listed_nor_replayed_nor_read(shop: Workshop) -> None:
    ids = failed_family_of_a(shop)
    with shop.jobs.work("b") as work:
        assert list_jobs(work.conn, "b", JobFilter()).jobs == []
        assert dead_letters(work.conn, "b", LetterFilter()).letters == []
        assert with_letter(work.conn, ids) == []
        assert work.replay(ids) == []
        assert work.conn.execute(SQL["events_after"], {"id": ids[0], "after": 0, "most": 9}).fetchall() == []
        assert work.conn.execute(SQL["children_of"], {"id": ids[0], "most": None}).fetchall() == []
    assert shop.states(ids) == ["failed", "failed", "queued"]


@pytest.mark.parametrize("function", ["tolva.cancel_jobs(%s)", "tolva.replay_jobs(%s, NULL)"])
def test_the_functions_themselves_spare_another_tenants_jobs(shop: Workshop, function: str) -> None:
    """They see every tenant's rows, so they must look at the tenant themselves; also for children."""
    ids = failed_family_of_a(shop)
    before = [shop.row(id) for id in ids]
    with shop.db.transaction("b") as conn:
        assert conn.execute(f"SELECT * FROM {function}", (ids,)).fetchall() == []
    assert [shop.row(id) for id in ids] == before


@pytest.mark.parametrize(
    "step",
    [
        "child_ended('{}')",
        "cancel_children('{}')",
        "ended_since(NULL, NULL, NULL, now(), 1)",
        "newest_among('{}', NULL, NULL, NULL, NULL, 1)",
    ],
)
def test_the_inner_steps_cannot_be_called_from_outside(shop: Workshop, step: str) -> None:
    with pytest.raises(InsufficientPrivilege), shop.db.connection() as conn:
        conn.execute(f"SELECT tolva.{step}")


def test_a_cancel_that_meets_the_claim_is_either_first_or_told(shop: Workshop) -> None:
    for _ in range(10):
        id = shop.put()
        state, claimed = together(lambda id=id: cancel(shop, id), shop.claim)
        assert state == ("running" if claimed else "cancelled")
        for job in claimed:
            assert shop.row(job.id)["cancel_requested_at"] is not None
            shop.end(job, Verb.RETRY, ERROR)
        until(lambda id=id: shop.state(id) == "cancelled", 1)
