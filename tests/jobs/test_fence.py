"""Whatever an attempt writes after it lost its job is refused, with everything else in that transaction."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.jobs.workshop import ERROR, Workshop
from tolva.core.job import Claimed, NewJob, Outcome, Verb
from tolva.errors import LeaseLost
from tolva.jobs.context import Context
from tolva.jobs.endings import Ending

INSERT = """INSERT INTO tolva.schedules (tenant_id, name, cron, timezone, kind, queue, priority, max_attempts,
    soft_limit, hard_limit, params, next_at) VALUES ('a', %s, '', '', '', '', 5, 1, 1, 1, '{}', now())"""
"""Stands for the rows that a handler writes."""

WRITES: dict[str, Callable[[Context], Any]] = {
    "rows": lambda ctx: None,
    "checkpoint": lambda ctx: ctx.save({"at": 1}),
    "progress": lambda ctx: ctx.progress(rows=1),
    "children": lambda ctx: ctx.spawn(NewJob("work")),
    "completion": lambda ctx: ctx.complete({"rows": 1}),
}


def rescued(shop: Workshop) -> Claimed:
    """An attempt whose worker lost its lease; the job is queued again."""
    shop.put()
    job = shop.take()
    lose(shop)
    return job


def taken(shop: Workshop) -> Claimed:
    """An attempt whose job is in the hands of the next one."""
    job = rescued(shop)
    assert shop.take().id == job.id
    return job


def done(shop: Workshop) -> Claimed:
    """An attempt whose job was completed by the next one."""
    job = rescued(shop)
    shop.end(shop.take(), Verb.COMPLETE, {"by": "the other"})
    return job


def lose(shop: Workshop) -> None:
    shop.lose()
    shop.worker = shop.join()


def books(shop: Workshop) -> list[Any]:
    """All that could have changed."""
    tables = ("jobs", "job_events", "schedules", "dead_letters")
    return [shop.admin.execute(f"SELECT * FROM tolva.{table} ORDER BY 1, 2").fetchall() for table in tables]


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("stale", [rescued, taken, done])
def test_a_lost_attempt_cannot_write(shop: Workshop, stale: Callable[[Workshop], Claimed], write: str) -> None:
    ctx = shop.context(stale(shop))
    before = books(shop)
    with pytest.raises(LeaseLost), ctx.transaction() as conn:
        conn.execute(INSERT, ("x",))
        WRITES[write](ctx)
    assert books(shop) == before
    assert not ctx.completed


@pytest.mark.parametrize("write", WRITES)
def test_a_loss_in_the_middle_of_a_transaction_undoes_it(shop: Workshop, write: str) -> None:
    shop.put()
    ctx = shop.context(shop.take())
    with pytest.raises(LeaseLost), ctx.transaction() as conn:
        conn.execute(INSERT, ("x",))
        WRITES[write](ctx)
        lose(shop)
        shop.take()
        before = books(shop)
    assert books(shop) == before
    assert (ctx.checkpoint, ctx.counters, ctx.completed) == (None, {}, False)


@pytest.mark.parametrize("verb", list(Verb))
@pytest.mark.parametrize("stale", [rescued, taken, done])
def test_the_outcome_of_a_lost_attempt_is_refused(
    shop: Workshop, stale: Callable[[Workshop], Claimed], verb: Verb
) -> None:
    job = stale(shop)
    before = books(shop)
    assert shop.end(job, verb, ERROR, progress={"rows": 9}) == []
    assert books(shop) == before


def test_a_refused_outcome_does_not_harm_its_neighbours(shop: Workshop) -> None:
    stale = taken(shop)
    good = shop.put()
    job = shop.take()
    answer = shop.end_all([Ending(each, Outcome(Verb.COMPLETE)) for each in (stale, job)])
    assert [str(row["job_id"]) for row in answer] == [good]
    assert (shop.state(stale.id), shop.state(good)) == ("running", "completed")


def test_a_runner_whose_job_was_rescued_meanwhile_writes_nothing(shop: Workshop) -> None:
    """And the job is done once, by the next attempt."""

    def work(ctx: Context) -> dict[str, int]:
        if ctx.checkpoint is None:
            with ctx.transaction() as conn:
                conn.execute(INSERT, ("first",))
                ctx.save({"at": 1})
            lose(shop)
        with ctx.transaction() as conn:
            conn.execute(INSERT, ("second",))
            ctx.save({"at": 2})
        return {"attempt": ctx.checkpoint["at"]}

    id = shop.put()
    shop.on(work)
    with suppress(LeaseLost):
        shop.runner().run_next("work")
    assert (shop.state(id), shop.row(id)["checkpoint"]) == ("queued", {"at": 1})
    shop.run()
    row = shop.row(id)
    assert (row["state"], row["attempt"], row["checkpoint"]) == ("completed", 2, None)
    assert [row["name"] for row in shop.admin.execute("SELECT name FROM tolva.schedules")] == ["first", "second"]


def test_a_replayed_job_refuses_the_attempt_that_failed_it(shop: Workshop) -> None:
    shop.put()
    job = shop.take()
    shop.end(job, Verb.FAIL, ERROR)
    with shop.jobs.work("a") as work:
        work.retry(job.id)
    before = books(shop)
    assert shop.end(job, Verb.COMPLETE) == []
    with pytest.raises(LeaseLost), shop.context(job).transaction():
        raise AssertionError("the transaction was opened")
    assert books(shop) == before
