"""What a handler may rely on while it works, and what it may not do."""

import os
import threading

import pytest

from tests.jobs.workshop import ERROR, Workshop, until
from tolva.core.job import NewJob, Queue, Verb
from tolva.db.pool import Database
from tolva.errors import Cancelled, Draining, LeaseLost, TimeLimitExceeded
from tolva.jobs import pulse
from tolva.jobs.attempt import Attempt, Attempts
from tolva.jobs.context import Context

INSERT = """INSERT INTO tolva.schedules (tenant_id, name, cron, timezone, kind, queue, priority, max_attempts,
    soft_limit, hard_limit, params, next_at) VALUES ('a', %s, '', '', '', '', 5, 1, 1, 1, '{}', now())"""
"""Stands for the rows that a handler writes."""


def rows_written(shop: Workshop) -> list[str]:
    return [row["name"] for row in shop.admin.execute("SELECT name FROM tolva.schedules ORDER BY name")]


def test_an_attempt_over_its_soft_limit_is_told_and_tried_again(shop: Workshop) -> None:
    def work(ctx: Context) -> None:
        assert until(lambda: ctx.cancelled, 5)
        assert ctx.seconds_left <= 0
        with ctx.transaction():
            raise AssertionError("the transaction was opened")

    shop.on(work, "quick", Queue("work", soft_limit=0.05, hard_limit=9))
    id = shop.put("quick")
    shop.run()
    row = shop.row(id)
    assert (row["state"], row["failures"], row["error"]["type"]) == ("queued", 1, "TimeLimitExceeded")
    assert "0.05 s" in row["error"]["message"]


def test_a_draining_worker_gives_the_job_back_at_its_checkpoint(shop: Workshop) -> None:
    def work(ctx: Context) -> dict[str, int]:
        if ctx.checkpoint is None:
            with ctx.transaction() as conn:
                conn.execute(INSERT, ("first",))
                ctx.save({"at": 1})
            for attempt in shop.attempts:
                attempt.stop(Draining("going down"))
        with ctx.transaction() as conn:
            conn.execute(INSERT, ("second",))
        return {"done": 1}

    id = shop.put()
    shop.on(work)
    shop.run()  # given back, and begun again at once: there is but one worker here
    row = shop.row(id)
    assert (row["state"], row["attempt"], row["failures"], row["losses"]) == ("completed", 2, 0, 0)
    assert shop.events(id) == ["started", "released", "started", "completed"]
    assert rows_written(shop) == ["first", "second"]


def test_short_jobs_may_end_before_they_are_told_to_drain(shop: Workshop) -> None:
    attempts = Attempts()
    shop.put()
    attempt = Attempt(shop.take())
    attempts.add(attempt)
    drain = threading.Thread(target=attempts.drain, args=(30,))
    drain.start()
    attempts.remove(attempt)
    drain.join(5)
    assert not drain.is_alive()
    attempt.check()


def test_attempts_are_told_to_drain_also_when_they_begin_in_the_last_moment(shop: Workshop) -> None:
    shop.put_many(2)
    early, late = (Attempt(job) for job in shop.claim(2))
    attempts = Attempts()
    attempts.add(early)
    attempts.drain()
    attempts.add(late)
    for attempt in (early, late):
        with pytest.raises(Draining):
            attempt.check()


def test_the_first_reason_to_stop_stays(shop: Workshop) -> None:
    shop.put()
    attempt = Attempt(shop.take())
    attempt.stop(Cancelled("first"))
    attempt.stop(Draining("second"))
    with pytest.raises(Cancelled, match="first"):
        attempt.check()


def test_an_attempt_hears_that_it_lost_its_job(shop: Workshop) -> None:
    shop.put()
    attempt = Attempt(shop.take())
    shop.attempts.add(attempt)
    pulse.ask(shop.db, shop.worker, shop.attempts)
    attempt.check()
    worker = shop.worker
    shop.lose()
    pulse.ask(shop.db, worker, shop.attempts)
    with pytest.raises(LeaseLost):
        attempt.check()


def test_rows_checkpoint_progress_and_completion_commit_together(shop: Workshop) -> None:
    def work(ctx: Context) -> None:
        with ctx.transaction() as conn:
            conn.execute(INSERT, ("x",))
            ctx.progress(rows=1)
            ctx.complete({"rows": 1})

    id = shop.put()
    shop.on(work)
    shop.run()
    row = shop.row(id)
    assert (row["state"], row["result"], row["progress"]) == ("completed", {"rows": 1}, {"rows": 1})
    assert rows_written(shop) == ["x"]
    assert shop.events(id)[-1] == "completed"


def test_a_completion_that_is_rolled_back_did_not_happen(shop: Workshop) -> None:
    def work(ctx: Context) -> None:
        with ctx.transaction() as conn:
            conn.execute(INSERT, ("x",))
            ctx.complete({"rows": 1})
            raise RuntimeError("after all not")

    id = shop.put()
    shop.on(work)
    shop.run()
    assert (shop.state(id), shop.row(id)["result"], rows_written(shop)) == ("queued", None, [])


@pytest.mark.parametrize("fault", [RuntimeError("late"), KeyboardInterrupt(), Draining("going down")])
def test_a_fault_after_the_completion_changes_nothing(shop: Workshop, fault: BaseException) -> None:
    def work(ctx: Context) -> None:
        with ctx.transaction():
            ctx.complete({"rows": 1})
        raise fault

    id = shop.put()
    shop.on(work)
    shop.run()
    row = shop.row(id)
    assert (row["state"], row["result"], row["error"], row["failures"]) == ("completed", {"rows": 1}, None, 0)
    assert shop.letters(id) == []


def test_a_write_after_the_completion_is_refused_and_changes_nothing(shop: Workshop) -> None:
    def work(ctx: Context) -> None:
        with ctx.transaction():
            ctx.complete({"rows": 1})
        with pytest.raises(LeaseLost):
            ctx.progress(rows=2)
        ctx.progress(rows=3)

    id = shop.put()
    shop.on(work)
    shop.run()
    assert (shop.state(id), shop.row(id)["progress"]) == ("completed", {})


def test_a_transaction_inside_a_transaction_is_refused(shop: Workshop) -> None:
    shop.put()
    ctx = shop.context(shop.take())
    with ctx.transaction() as conn:
        conn.execute(INSERT, ("x",))
        with pytest.raises(RuntimeError, match="open already"), ctx.transaction():
            raise AssertionError("opened twice")
        ctx.save({"at": 1})
    assert (rows_written(shop), ctx.checkpoint) == (["x"], {"at": 1})


@pytest.mark.parametrize("call", ["save", "spawn", "complete"])
def test_what_belongs_to_a_transaction_is_refused_outside(shop: Workshop, call: str) -> None:
    shop.put()
    ctx = shop.context(shop.take())
    with pytest.raises(RuntimeError, match="needs an open transaction"):
        {"save": ctx.save, "spawn": lambda job: ctx.spawn(NewJob("work")), "complete": ctx.complete}[call]({})


def test_progress_outside_a_transaction_is_seen_at_once(shop: Workshop) -> None:
    id = shop.put()
    ctx = shop.context(shop.take())
    ctx.progress(rows=5)
    assert (shop.row(id)["progress"], shop.events(id)) == ({"rows": 5}, ["started", "progress"])


def test_rows_of_another_tenant_are_out_of_reach_of_a_handler(shop: Workshop) -> None:
    other = shop.put(tenant="b")
    shop.take()
    shop.put(tenant="a")
    ctx = shop.context(shop.take())
    with ctx.transaction() as conn:
        assert conn.execute("SELECT FROM tolva.jobs WHERE id = %s", (other,)).fetchall() == []
        assert conn.execute("UPDATE tolva.jobs SET priority = 0 WHERE id = %s", (other,)).rowcount == 0


def in_a_fork(work) -> int:
    """Run in a forked copy of this process; answers with its exit code."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # forking with threads: what these tests are about
class TestFork:
    """A handler that forks: the copy shares the sockets of its parent and must not speak on them."""

    def test_the_copy_cannot_use_the_context(self, shop: Workshop) -> None:
        shop.put()
        ctx = shop.context(shop.take())

        def use() -> None:
            for call in (ctx.check, lambda: ctx.progress(rows=1), ctx.children, ctx.transaction().__enter__):
                with pytest.raises(RuntimeError, match="forked process"):
                    call()
            os._exit(7)

        assert in_a_fork(use) == 7
        ctx.progress(rows=2)

    def test_a_copy_that_returns_from_the_handler_hands_nothing_in(self, shop: Workshop) -> None:
        def work(ctx: Context) -> dict[str, int]:
            pid = os.fork()
            if pid == 0:
                return {"by": 0}
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 70
            return {"by": 1}

        id = shop.put()
        shop.on(work)
        shop.run()
        assert (shop.state(id), shop.row(id)["result"]) == ("completed", {"by": 1})

    @pytest.mark.parametrize("way", ["return", "raise"])
    def test_a_copy_that_leaves_an_open_transaction_does_not_end_it(self, shop: Workshop, way: str) -> None:
        def work(ctx: Context) -> None:
            with ctx.transaction() as conn:
                conn.execute(INSERT, ("x",))
                pid = os.fork()
                if pid == 0:
                    if way == "raise":
                        raise RuntimeError("in the copy")
                    return
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 70
                conn.execute(INSERT, ("y",))

        id = shop.put()
        shop.on(work)
        shop.run()
        assert (shop.state(id), rows_written(shop)) == ("completed", ["x", "y"])


def test_a_statement_that_takes_too_long_costs_a_try(shop: Workshop) -> None:
    """It is no sign that the database is away: it would take too long the next time too."""

    def work(ctx: Context) -> None:
        with ctx.transaction() as conn:
            conn.execute("SET LOCAL statement_timeout = '20ms'")
            conn.execute("SELECT pg_sleep(5)")

    id = shop.put()
    shop.on(work)
    shop.run()
    assert (shop.state(id), shop.row(id)["failures"]) == ("queued", 1)


def test_a_pause_in_a_transaction_that_postgresql_ends_costs_a_try(shop: Workshop) -> None:
    """A handler that is silent for too long would be silent the next time too."""

    def work(ctx: Context) -> None:
        with ctx.transaction() as conn:
            conn.execute(INSERT, ("x",))
            pid = conn.info.backend_pid
            gone = "SELECT FROM pg_stat_activity WHERE pid = %s"
            until(lambda: not shop.admin.execute(gone, (pid,)).fetchall())

    id = shop.put()
    shop.on(work)
    with Database(shop.db.dsn, name="tolva test", idle_in_transaction=0.1) as impatient:
        shop.db, patient = impatient, shop.db
        shop.run()
        shop.db = patient
    assert (shop.state(id), rows_written(shop)) == ("queued", [])
    assert shop.row(id)["failures"] == 1


def test_a_connection_that_is_killed_in_a_transaction_undoes_it_and_costs_neither_a_try_nor_the_place_in_the_line(
    shop: Workshop,
) -> None:
    begun: list[str] = []

    def work(ctx: Context) -> None:
        begun.append(ctx.job_id)
        with ctx.transaction() as conn:
            conn.execute(INSERT, (ctx.job_id,))
            ctx.save({"at": 1})
            if len(begun) == 1:
                shop.admin.execute("SELECT pg_terminate_backend(%s)", (conn.info.backend_pid,))
                conn.execute("SELECT 1")

    ids = [shop.put() for _ in range(10)]
    shop.on(work)
    shop.run()
    assert (set(shop.states(ids)), shop.row(ids[0])["failures"], len(rows_written(shop))) == ({"completed"}, 0, 10)
    assert begun.index(ids[0], 1) < 5, "it stands behind what was fetched ahead, and no other"


def test_an_outcome_that_postgresql_refuses_for_whatever_reason_does_not_hold_up_the_others(shop: Workshop) -> None:
    shop.admin.execute("ALTER TABLE tolva.jobs ADD CONSTRAINT odd CHECK (result IS DISTINCT FROM '{\"odd\": 1}')")
    try:
        shop.on(lambda ctx: {"odd": 1}, "other")
        odd, neighbour = shop.put("other"), shop.put(priority=9)
        shop.run()
    finally:
        shop.admin.execute("ALTER TABLE tolva.jobs DROP CONSTRAINT odd")
    assert shop.states([odd, neighbour]) == ["failed", "completed"]


def test_an_attempt_that_is_over_its_time_says_so_only_once_it_is(shop: Workshop) -> None:
    shop.put()
    attempt = Attempt(shop.take())
    attempt.check()
    attempt._deadline = 0.0
    with pytest.raises(TimeLimitExceeded, match="60 s"):
        attempt.check()
    shop.end(attempt.job, Verb.RETRY, ERROR)
