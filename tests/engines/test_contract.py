"""What every engine must hold. It carries rings, and may lose, repeat or reorder them; no job may suffer from it."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import psutil
import pytest

from tests.engines.brokers import LINES, Brokers
from tests.jobs.workshop import WORK, Workshop, until
from tolva.core.job import NewJob, Queue
from tolva.core.ports import QueueSlots, ServingEngine
from tolva.db.pool import Database
from tolva.engines import make_engine
from tolva.engines.postgres import PostgresEngine
from tolva.errors import DatabaseUnavailable, SettingsError, TryLater
from tolva.jobs import store
from tolva.jobs.context import Context
from tolva.jobs.pulse import keep_pulse
from tolva.jobs.upkeep import Chore, RingAgain, keep_up
from tolva.settings import Settings

pytestmark = pytest.mark.filterwarnings(
    "ignore:.* is deprecated; use :DeprecationWarning"
)  # of what Celery asks SQS with

SIDE = Queue("side", slots=1)
WITHIN = 6.0
"""Seconds within which a lost ring is made good."""


@pytest.fixture
def engine(carrier: str, shop: Workshop, brokers: Brokers) -> Iterator[ServingEngine]:
    with brokers.engine(carrier, shop.db) as shop.engine:
        shop.on(lambda ctx: None, "side", SIDE)
        shop.open("side")
        yield shop.engine


@contextmanager
def serving(
    shop: Workshop, run_next: Callable[[str], bool] | None = None, slots: Sequence[QueueSlots] = LINES
) -> Iterator[threading.Thread]:
    """A worker process in small: the engine serves, the pulse tidies the dispatcher, and upkeep rings again."""
    stop = threading.Event()
    queues = [each.queue for each in LINES]
    chore = Chore("ring again", 0.2, RingAgain(shop.db, shop.engine, queues).look)
    runner = shop.runner()
    threads = [
        threading.Thread(target=shop.engine.serve, args=(slots, run_next or runner.run_next), name="serve"),
        threading.Thread(target=keep_pulse, args=((shop.dispatchers[-1].tidy,), stop)),
        threading.Thread(target=keep_up, args=([chore], stop), name="upkeep"),
    ]
    for thread in threads:
        thread.start()
    try:
        yield threads[0]
    finally:
        stop.set()
        shop.engine.stop()
        for thread in threads:
            thread.join(10)
        assert not any(thread.is_alive() for thread in threads)


def all_ended(shop: Workshop) -> bool:
    return not shop.admin.execute("SELECT FROM tolva.jobs WHERE finished_at IS NULL").fetchall()


def without_a_ring(shop: Workshop, kind: str = "work", ago: str = "3 s") -> Any:
    """Make a job of which no engine hears, that has been ready for a while."""
    with shop.db.transaction("a") as conn:
        (made,), _ = store.enqueue(conn, shop.catalogue.queue_of, "a", [NewJob(kind)])
        conn.execute("UPDATE tolva.jobs SET run_at = run_at - %s::interval WHERE id = %s", (ago, made.id))
    return made.id


def test_a_ring_after_the_commit_starts_the_job(shop: Workshop, engine: ServingEngine) -> None:
    with serving(shop):
        ids = [shop.put(), shop.put("side")]
        until(lambda: all_ended(shop), WITHIN)
    assert shop.states(ids) == ["completed", "completed"]


def test_a_lost_ring_is_made_good_within_seconds(shop: Workshop, engine: ServingEngine) -> None:
    with serving(shop):
        ids = [without_a_ring(shop), without_a_ring(shop, "side")]
        until(lambda: all_ended(shop), WITHIN)
    assert shop.states(ids) == ["completed", "completed"]


def test_what_was_queued_before_anybody_served_is_done(shop: Workshop, engine: ServingEngine) -> None:
    ids = [without_a_ring(shop) for _ in range(5)]
    with serving(shop):
        until(lambda: all_ended(shop), WITHIN)
    assert set(shop.states(ids)) == {"completed"}


def test_a_job_whose_time_comes_is_done_without_a_ring(shop: Workshop, engine: ServingEngine) -> None:
    with serving(shop):
        id = without_a_ring(shop, ago="-300 ms")
        until(lambda: all_ended(shop), WITHIN)
    assert shop.state(id) == "completed"


def test_doubled_and_senseless_rings_cost_nothing(shop: Workshop, engine: ServingEngine) -> None:
    started: Counter[str] = Counter()
    shop.on(lambda ctx: started.update([ctx.job_id]))
    with serving(shop):
        ids = shop.put_many(5)
        for _ in range(20):
            engine.ring("work", ids)
        engine.ring("side", [])
        engine.ring("nowhere", [])
        engine.ring("a queue; with 'odd' signs", [])
        until(lambda: all_ended(shop), WITHIN)
    assert started == Counter(ids)


def test_rubbish_of_a_foreign_program_is_dropped_and_jobs_are_done_once(
    shop: Workshop, engine: ServingEngine, brokers: Brokers, carrier: str
) -> None:
    started: Counter[str] = Counter()
    shop.on(lambda ctx: started.update([ctx.job_id]))
    with serving(shop):
        brokers.litter(carrier)
        ids = shop.put_many(5)
        until(lambda: all_ended(shop), 5 * WITHIN)
        until(lambda: not engine.depth("work"), 5 * WITHIN)
    assert started == Counter(ids)


def test_stop_ends_serve_while_nothing_runs(shop: Workshop, engine: ServingEngine) -> None:
    with serving(shop) as serve:
        engine.stop()
        serve.join(3)
        assert not serve.is_alive()


def test_stop_lets_the_running_job_end_and_starts_no_other(shop: Workshop, engine: ServingEngine) -> None:
    running, go_on = threading.Event(), threading.Event()

    def work(ctx: Context) -> None:
        running.set()
        assert go_on.wait(10)

    shop.on(work, queue=Queue("work", slots=1))
    runner = shop.runner()
    with serving(shop, runner.run_next, [QueueSlots("work", 1)]) as serve:
        shop.put()
        assert running.wait(WITHIN)
        runner.stop()
        engine.stop()
        late = without_a_ring(shop)
        go_on.set()
        serve.join(10)
        assert not serve.is_alive()
    assert shop.state(late) == "queued"
    until(lambda: shop.admin.execute("SELECT FROM tolva.jobs WHERE state = 'completed'").fetchall(), 3)


@pytest.mark.parametrize("error", [DatabaseUnavailable("away"), TryLater("deadlock"), ZeroDivisionError()])
def test_a_call_that_raises_does_not_end_the_slot_nor_reach_whoever_made_the_job(
    shop: Workshop, engine: ServingEngine, error: Exception
) -> None:
    runner, faults = shop.runner(), iter([error] * 4)

    def run_next(queue: str) -> bool:
        for fault in faults:
            raise fault
        return runner.run_next(queue)

    with serving(shop, run_next):
        for _ in range(3):
            shop.put()
        for _ in range(2):
            without_a_ring(shop)
        until(lambda: all_ended(shop), 2 * WITHIN)


def test_families_are_carried_through(shop: Workshop, engine: ServingEngine) -> None:
    """Children in one queue, the parent in another: both are rung for as they become ready."""

    def parent(ctx: Context) -> None:
        if ctx.checkpoint is None:
            with ctx.transaction():
                ctx.spawn(*[NewJob("side")] * 3)
                ctx.save({"spawned": True})
            ctx.wait_for_children()

    shop.on(parent)
    with serving(shop):
        id = shop.put()
        until(lambda: all_ended(shop), 2 * WITHIN)
    assert (shop.state(id), shop.row(id)["attempt"]) == ("completed", 2)


def test_slots_of_a_queue_work_at_the_same_time(shop: Workshop, engine: ServingEngine) -> None:
    meeting = threading.Barrier(WORK.slots)

    def work(ctx: Context) -> None:
        meeting.wait(5)

    shop.on(work)
    with serving(shop):
        shop.put_many(WORK.slots)
        until(lambda: all_ended(shop), WITHIN)
    assert not meeting.broken


def test_a_busy_queue_does_not_hold_up_another(shop: Workshop, engine: ServingEngine) -> None:
    go_on = threading.Event()

    def work(ctx: Context) -> None:
        assert go_on.wait(10)

    shop.on(work)
    with serving(shop):
        shop.put_many(4)
        side = shop.put("side")
        until(lambda: shop.state(side) == "completed", WITHIN)
        go_on.set()
        until(lambda: all_ended(shop), WITHIN)


def test_whoever_asks_for_the_depth_from_ever_new_threads_leaves_no_connection_behind(engine: ServingEngine) -> None:
    def connections() -> int:
        return len(psutil.Process().net_connections("tcp"))

    engine.depth("work")
    before = connections()
    for _ in range(5):
        thread = threading.Thread(target=engine.depth, args=("work",))
        thread.start()
        thread.join()
    assert connections() <= before + 1


def test_an_unknown_engine_is_refused_with_the_choices(shop: Workshop) -> None:
    with pytest.raises(SettingsError, match="choose one of: postgres, inline"):
        make_engine(Settings(engine="carrier pigeon"), shop.db)


class TestPostgres:
    """What is true of rings by NOTIFY alone."""

    @pytest.fixture(autouse=True)
    def engine(self, shop: Workshop) -> ServingEngine:
        shop.engine = PostgresEngine(shop.db)
        shop.on(lambda ctx: None, "side", SIDE)
        shop.open("side")
        return shop.engine

    def test_a_killed_listener_comes_back(self, shop: Workshop) -> None:
        def listeners() -> list[int]:
            rows = shop.admin.execute(
                """
                SELECT pid FROM pg_stat_activity
                WHERE application_name LIKE '%listener' AND datname = current_database()"""
            )
            return [row["pid"] for row in rows]

        with serving(shop):
            (first,) = until(listeners)
            shop.admin.execute("SELECT pg_terminate_backend(%s)", (first,))
            until(lambda: [pid for pid in listeners() if pid != first])
            id = shop.put()
            until(lambda: shop.state(id) == "completed", WITHIN)

    def test_every_connection_killed_at_once_loses_no_job(self, shop: Workshop) -> None:
        with serving(shop):
            shop.put_many(10)
            shop.admin.execute(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'tolva%'"""
            )
            until(partial(put_anyway, shop))
            until(lambda: all_ended(shop), 3 * WITHIN)

    def test_a_ring_that_cannot_be_sent_does_not_fail_the_work_that_was_committed(self, shop: Workshop) -> None:
        with Database("host=127.0.0.1 port=1 connect_timeout=1", name="away") as away:
            away._pool.timeout = 0.2
            shop.engine = PostgresEngine(away)
            id = shop.put()
        assert shop.state(id) == "queued"


def put_anyway(shop: Workshop) -> Any:
    try:
        return shop.put()
    except DatabaseUnavailable:
        return None
