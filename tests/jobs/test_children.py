"""Parents and children: made together, waited for without a slot, counted without a mistake."""

from functools import partial
from typing import Any

import pytest

from tests.jobs.workshop import ERROR, Workshop, together
from tolva.core.job import Claimed, JobId, NewJob, Verb
from tolva.errors import InvalidInput
from tolva.jobs.context import Context
from tolva.jobs.endings import Ending, Outcome


def family(shop: Workshop, children: int = 1, **given: Any) -> tuple[Claimed, list[JobId]]:
    """A running parent with queued children, which are more urgent than anything else."""
    shop.put()
    parent = shop.take()
    return parent, shop.spawn(parent, children, priority=0, **given)


def waiting_family(shop: Workshop, children: int = 1) -> tuple[JobId, list[Claimed]]:
    """A waiting parent with running children."""
    parent, _ = family(shop, children)
    shop.end(parent, Verb.WAIT)
    return parent.id, shop.claim(children)


def open_children(shop: Workshop, id: JobId) -> int:
    return shop.row(id)["open_children"]


def test_children_are_rolled_back_with_the_transaction_that_made_them(shop: Workshop) -> None:
    shop.put()
    ctx = shop.context(shop.take())
    with pytest.raises(ZeroDivisionError), ctx.transaction():
        ctx.spawn(NewJob("work"), NewJob("work"))
        raise ZeroDivisionError
    assert open_children(shop, ctx.job_id) == 0
    assert shop.admin.execute("SELECT count(*) FROM tolva.jobs").fetchone() == {"count": 1}
    assert shop.engine.rung == ["work"]  # for the parent alone


def test_children_belong_to_the_tenant_of_their_parent(shop: Workshop) -> None:
    shop.put(tenant="b")
    (child,) = shop.spawn(shop.take())
    assert shop.row(child)["tenant_id"] == "b"


def test_a_parent_waits_without_a_slot_and_goes_on_when_the_last_child_ends(shop: Workshop) -> None:
    id, (first, second) = waiting_family(shop, 2)
    assert (shop.state(id), shop.row(id)["worker_id"]) == ("waiting", None)
    assert shop.claim(9) == []
    shop.end(first, Verb.COMPLETE)
    assert (shop.state(id), open_children(shop, id)) == ("waiting", 1)
    moved = shop.end(second, Verb.COMPLETE)
    assert (shop.state(id), open_children(shop, id)) == ("queued", 0)
    assert [(row["state"], row["rings"]) for row in moved if str(row["job_id"]) == id] == [("queued", True)]
    assert shop.take().attempt == 2


@pytest.mark.parametrize("verb", [Verb.COMPLETE, Verb.FAIL, Verb.CANCEL])
def test_a_child_counts_as_ended_however_it_ended(shop: Workshop, verb: Verb) -> None:
    id, (child,) = waiting_family(shop)
    shop.end(child, verb, ERROR)
    assert shop.state(id) == "queued"


@pytest.mark.parametrize("verb", [Verb.RETRY, Verb.RELEASE, Verb.LOST])
def test_a_child_that_goes_on_is_still_waited_for(shop: Workshop, verb: Verb) -> None:
    id, (child,) = waiting_family(shop)
    shop.end(child, verb, ERROR)
    assert (shop.state(id), open_children(shop, id)) == ("waiting", 1)


def test_a_cancelled_child_that_never_ran_counts_as_ended(shop: Workshop) -> None:
    parent, (child,) = family(shop)
    shop.end(parent, Verb.WAIT)
    with shop.jobs.work("a") as work:
        work.cancel(child)
    assert (shop.state(parent.id), shop.engine.rung[-1]) == ("queued", "work")


def test_children_that_end_before_the_parent_waits_do_not_leave_it_waiting(shop: Workshop) -> None:
    parent, _ = family(shop, 2)
    for child in shop.claim(2):
        shop.end(child, Verb.COMPLETE)
    assert (shop.state(parent.id), open_children(shop, parent.id)) == ("running", 0)
    (moved,) = shop.end(parent, Verb.WAIT)
    assert (moved["state"], moved["rings"]) == ("queued", True)
    assert shop.take().id == parent.id


def test_a_parent_and_its_last_child_may_end_in_the_same_batch(shop: Workshop) -> None:
    parent, _ = family(shop)
    child = shop.take()
    shop.end_all([Ending(child, Outcome(Verb.COMPLETE)), Ending(parent, Outcome(Verb.WAIT))])
    assert (shop.state(parent.id), open_children(shop, parent.id)) == ("queued", 0)


def test_a_parent_that_completes_does_not_stop_its_children(shop: Workshop) -> None:
    parent, (child,) = family(shop)
    shop.end(parent, Verb.COMPLETE)
    shop.end(shop.take(), Verb.COMPLETE)
    assert (shop.states([parent.id, child]), open_children(shop, parent.id)) == (["completed"] * 2, 0)


def test_children_made_with_the_completion_of_their_parent_are_counted(shop: Workshop) -> None:
    shop.put()
    ctx = shop.context(shop.take())
    with ctx.transaction():
        (child,) = ctx.spawn(NewJob("work"))
        ctx.complete({"handed": "on"})
    assert (shop.state(ctx.job_id), open_children(shop, ctx.job_id)) == ("completed", 1)
    shop.end(shop.take(), Verb.COMPLETE)
    assert (shop.state(child), open_children(shop, ctx.job_id)) == ("completed", 0)


def test_grandchildren_hold_back_their_parent_and_so_its_parent(shop: Workshop) -> None:
    id, (child,) = waiting_family(shop)
    (grandchild,) = shop.spawn(child)
    shop.end(child, Verb.WAIT)
    assert shop.states([id, child.id, grandchild]) == ["waiting", "waiting", "queued"]
    shop.end(shop.take(), Verb.COMPLETE)
    assert shop.states([id, child.id]) == ["waiting", "queued"]
    shop.end(shop.take(), Verb.COMPLETE)
    assert shop.state(id) == "queued"


def test_cancel_reaches_the_whole_family(shop: Workshop) -> None:
    id, (running, child) = waiting_family(shop, 2)
    (grandchild,) = shop.spawn(child)
    shop.end(child, Verb.WAIT)
    with shop.jobs.work("a") as work:
        assert work.cancel(id) == "cancelled"
    assert shop.states([id, running.id, child.id, grandchild]) == ["cancelled", "running", "cancelled", "cancelled"]
    assert shop.row(running.id)["cancel_requested_at"] is not None
    shop.end(running, Verb.CANCEL)
    assert (shop.state(running.id), open_children(shop, id)) == ("cancelled", 0)
    assert shop.state(id) == "cancelled"


def test_children_made_after_the_cancel_was_asked_for_go_with_their_parent(shop: Workshop) -> None:
    shop.put()
    ctx = shop.context(shop.take())
    with ctx.transaction():
        (child,) = ctx.spawn(NewJob("work"))
        with shop.jobs.work("a") as work:
            work.cancel(ctx.job_id)
    shop.end(ctx._attempt.job, Verb.WAIT)
    assert shop.states([ctx.job_id, child]) == ["cancelled", "cancelled"]


def test_a_failed_child_that_is_replayed_holds_its_waiting_parent_again(shop: Workshop) -> None:
    id, (first, second) = waiting_family(shop, 2)
    shop.end(first, Verb.FAIL, ERROR)
    with shop.jobs.work("a") as work:
        work.retry(first.id)
    assert open_children(shop, id) == 2
    shop.end(second, Verb.COMPLETE)
    assert shop.state(id) == "waiting"
    shop.end(shop.take(), Verb.COMPLETE)
    assert (shop.state(id), open_children(shop, id)) == ("queued", 0)


def test_a_parent_and_its_child_replayed_in_one_call_are_counted_right(shop: Workshop) -> None:
    parent, (child,) = family(shop)
    shop.end(shop.take(), Verb.FAIL, ERROR)
    shop.end(parent, Verb.FAIL, ERROR)
    with shop.jobs.work("a") as work:
        assert set(work.replay([parent.id, child])) == {parent.id, child}
    assert open_children(shop, parent.id) == 1
    for job in shop.claim(2):
        shop.end(job, Verb.COMPLETE)
    assert (shop.states([parent.id, child]), open_children(shop, parent.id)) == (["completed"] * 2, 0)


def test_a_child_whose_key_is_taken_is_not_waited_for(shop: Workshop) -> None:
    holder = shop.put(unique_key="k")
    shop.take()
    shop.put()
    ctx = shop.context(shop.take())
    with ctx.transaction():
        assert ctx.spawn(NewJob("work", unique_key="k")) == [holder]
    assert open_children(shop, ctx.job_id) == 0


@pytest.mark.parametrize("batch", [1, 4])
def test_children_that_end_at_the_same_moment_are_all_counted(shop: Workshop, batch: int) -> None:
    """Of two families, in batches that mix them in different orders: nobody waits for the other, none is lost."""
    families = [waiting_family(shop, 16) for _ in range(2)]
    mixed = [child for pair in zip(*(children for _, children in families), strict=True) for child in pair]
    parts = [mixed[n::4] if n % 2 else mixed[n::4][::-1] for n in range(4)]

    def end_part(part: list[Claimed]) -> None:
        for start in range(0, len(part), batch):
            shop.end_all([Ending(child, Outcome(Verb.COMPLETE)) for child in part[start : start + batch]])

    together(*[partial(end_part, part) for part in parts])
    for id, _ in families:
        assert (shop.state(id), open_children(shop, id)) == ("queued", 0)


def test_ends_cancels_and_replays_of_one_family_at_the_same_time_keep_the_count(shop: Workshop) -> None:
    id, children = waiting_family(shop, 24)

    def end() -> None:
        for child in children[:12]:
            shop.end(child, Verb.FAIL, ERROR)

    def cancel() -> None:
        for child in reversed(children[12:]):
            with shop.jobs.work("a") as work:
                work.cancel(child.id)
            shop.end(child, Verb.RELEASE)

    def replay() -> None:
        for _ in range(6):
            with shop.jobs.work("a") as work:
                work.replay([child.id for child in reversed(children)])

    together(end, cancel, replay)
    still = [state for state in shop.states([child.id for child in children]) if state in {"queued", "running"}]
    assert open_children(shop, id) == len(still)
    while jobs := [job for job in shop.claim(50) if job.id != id]:
        for job in jobs:
            shop.end(job, Verb.COMPLETE)
    assert open_children(shop, id) == 0
    assert shop.state(id) in {"queued", "running"}


def test_a_handler_spawns_waits_and_reads_what_came_of_its_children(shop: Workshop) -> None:
    def parent(ctx: Context) -> dict[str, Any]:
        if ctx.checkpoint is None:
            with ctx.transaction():
                ctx.spawn(*[NewJob("part", {"n": n}) for n in range(3)])
                ctx.save({"spawned": True})
            ctx.wait_for_children()
        return {child["state"]: child["result"] or child["error"]["message"] for child in ctx.children()}

    def part(ctx: Context) -> dict[str, int]:
        if ctx.params["n"] == 2:
            raise InvalidInput("two is too many")
        return {"n": 1}

    shop.on(parent, "parent")
    shop.on(part, "part")
    id = shop.put("parent")
    for _ in range(4):
        shop.run()
        shop.due_now()
    assert (shop.state(id), shop.row(id)["result"]) == (
        "completed",
        {"completed": {"n": 1}, "failed": "two is too many"},
    )
    assert shop.row(id)["failures"] == 0


def test_a_parent_reads_of_an_error_of_its_child_what_everybody_may(shop: Workshop) -> None:
    """What it makes of it is its result, which nobody is kept from."""

    def parent(ctx: Context) -> dict[str, Any]:
        if ctx.checkpoint is None:
            with ctx.transaction():
                ctx.spawn(NewJob("part"))
                ctx.save({"spawned": True})
            ctx.wait_for_children()
        return {"told": [child["error"] for child in ctx.children()]}

    def part(_: Context) -> None:
        raise OSError("/srv/secret")

    shop.on(parent, "parent")
    shop.on(part, "part")
    id = shop.put("parent")
    for _ in range(20):
        shop.run()
        shop.due_now()
    [told] = shop.row(id)["result"]["told"]
    assert told["type"] == "OSError" and "/srv/secret" not in str(told)


def test_waiting_inside_an_open_transaction_is_refused_since_it_would_undo_the_children(shop: Workshop) -> None:
    shop.put()
    ctx = shop.context(shop.take())
    with pytest.raises(RuntimeError, match="leave the transaction first"), ctx.transaction():
        ctx.spawn(NewJob("work"))
        ctx.wait_for_children()
