"""The dispatcher: what meets travels together, short jobs are fetched ahead, and nothing is left lying."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest
from psycopg.rows import DictRow

from tests.jobs.workshop import Workshop, until
from tolva.core.job import Claimed, Outcome, Verb
from tolva.db.pool import Connection
from tolva.errors import DatabaseUnavailable, LeaseLost, TolvaError
from tolva.jobs import outbox, stock
from tolva.jobs.context import Context
from tolva.jobs.dispatcher import Dispatcher
from tolva.jobs.endings import Ending
from tolva.jobs.rings import Ring

REFUSED = psycopg.DataError("what PostgreSQL does not take")


@pytest.fixture
def rung() -> list[Ring]:
    return []


@pytest.fixture
def dispatcher(shop: Workshop, rung: list[Ring]) -> Iterator[Dispatcher]:
    made = Dispatcher(shop.db, shop.worker, rung.extend)
    yield made
    with suppress(TolvaError):
        made.close()


@pytest.fixture
def slot() -> Iterator[ThreadPoolExecutor]:
    """One more slot: a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every trip follows the one before at once, however slow the machine is."""
    monkeypatch.setattr(stock, "LEAST_INTERVAL", 1e9)


def complete(job: Claimed) -> Ending:
    return Ending(job, Outcome(Verb.COMPLETE))


def count(shop: Workshop, state: str) -> int:
    return len(shop.admin.execute("SELECT FROM tolva.jobs WHERE state = %s", (state,)).fetchall())


def fetch(dispatcher: Dispatcher) -> Claimed:
    job = dispatcher.exchange(None, "work")
    assert job is not None
    return job


def trips_of(dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Notes the size of every party that travels from now on."""
    trips: list[int] = []
    travel: Callable[..., None] = dispatcher._travel

    def noted(party: list[object]) -> None:
        trips.append(len(party))
        travel(party)

    monkeypatch.setattr(dispatcher, "_travel", noted)
    return trips


def test_jobs_whose_trips_follow_each_other_quickly_are_fetched_ahead(
    shop: Workshop, dispatcher: Dispatcher, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.put_many(300)
    trips = trips_of(dispatcher, monkeypatch)
    job: Claimed | None = fetch(dispatcher)
    while job is not None:
        job = dispatcher.exchange(complete(job), "work")
    assert len(trips) < 15
    dispatcher.tidy()
    assert count(shop, "completed") == 300


def test_nothing_is_fetched_ahead_while_another_slot_is_idle(
    shop: Workshop, dispatcher: Dispatcher, hasty: None, slot: ThreadPoolExecutor
) -> None:
    """Nobody would wake it for what lies in stock."""
    assert slot.submit(dispatcher.exchange, None, "work").result(10) is None
    shop.put_many(20)
    held = [fetch(dispatcher) for _ in range(5)]
    assert count(shop, "running") == len(held)
    held.append(slot.submit(fetch, dispatcher).result(10))  # it is at work again
    held += [fetch(dispatcher) for _ in range(2)]
    assert count(shop, "running") > len(held)


def test_whoever_waited_for_the_trip_of_another_takes_what_that_one_brought(
    shop: Workshop, dispatcher: Dispatcher, hasty: None, slot: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.put_many(2)
    on_the_way = threading.Event()
    claim: Callable[..., None] = dispatcher._claim

    def awaited(queue: str, requests: list[object]) -> None:
        if not on_the_way.is_set():
            on_the_way.set()
            until(lambda: dispatcher._waiting)
        claim(queue, requests)

    monkeypatch.setattr(dispatcher, "_claim", awaited)
    first = slot.submit(fetch, dispatcher)
    assert on_the_way.wait(10)
    assert {fetch(dispatcher).id, first.result(10).id} == running(shop)


def test_what_came_for_a_slot_that_was_interrupted_while_it_waited_is_given_back(
    shop: Workshop, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the time limits of Celery and Dramatiq do; else the job would run into its hard limit, untouched."""
    shop.put_many(3)
    claim: Callable[..., None] = dispatcher._claim
    wait: Callable[..., bool] = dispatcher._meeting.wait

    def awaited(queue: str, requests: list[object]) -> None:
        if not dispatcher._held:
            until(lambda: len(dispatcher._waiting) == 2)
        claim(queue, requests)

    def interrupted() -> bool:
        if threading.current_thread() is not threading.main_thread():
            return wait()
        until(lambda: (wait(0.01), len(dispatcher._held) == 3)[1])
        raise KeyboardInterrupt

    monkeypatch.setattr(dispatcher, "_claim", awaited)
    with ThreadPoolExecutor(2) as slots:
        others = [slots.submit(fetch, dispatcher), slots.submit(fetch, dispatcher)]
        until(lambda: dispatcher._waiting)
        monkeypatch.setattr(dispatcher._meeting, "wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            dispatcher.exchange(None, "work")
        held = {other.result(10).id for other in others}
    dispatcher.tidy()
    assert running(shop) == held


def running(shop: Workshop) -> set[str]:
    return {str(row["id"]) for row in shop.admin.execute("SELECT id FROM tolva.jobs WHERE state = 'running'")}


def test_what_lies_in_stock_for_too_long_is_given_back_and_rung_for(
    shop: Workshop, dispatcher: Dispatcher, hasty: None, rung: list[Ring], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = shop.put_many(10)
    held = [fetch(dispatcher) for _ in range(3)]
    assert count(shop, "running") > len(held)
    monkeypatch.setattr(stock, "STALE", 0.0)
    dispatcher.tidy()
    assert count(shop, "running") == len(held)
    assert {queue for queue, _ in rung} == {"work"}
    assert all(shop.row(id)["failures"] == 0 for id in ids)


def test_a_dispatcher_that_closes_hands_in_outcomes_and_gives_its_stock_back(
    shop: Workshop, dispatcher: Dispatcher, hasty: None
) -> None:
    shop.put_many(10)
    held = [fetch(dispatcher), fetch(dispatcher)]
    dispatcher.exchange(complete(held[0]), "work")
    dispatcher.close()
    assert (count(shop, "completed"), count(shop, "running"), count(shop, "queued")) == (1, 2, 7)


def test_outcomes_that_could_not_be_written_are_written_later_and_once(
    shop: Workshop, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = shop.put()
    job = fetch(dispatcher)

    def away(purpose: str) -> None:
        raise DatabaseUnavailable("away")

    assert dispatcher._conn is not None
    dispatcher._conn.close()
    with monkeypatch.context() as broken:
        broken.setattr(dispatcher._db, "dedicated", away)
        with pytest.raises(DatabaseUnavailable):
            dispatcher.exchange(complete(job), None)
    dispatcher.tidy()
    assert shop.events(id) == ["started", "completed"]


def test_a_claim_that_was_committed_but_not_answered_is_given_back(
    shop: Workshop, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = shop.put()
    shop.claim()  # as this dispatcher's worker, and the answer went lost
    with monkeypatch.context() as broken:
        broken.setattr(dispatcher, "_claim", lambda *_: (_ for _ in ()).throw(DatabaseUnavailable("cut off")))
        with pytest.raises(DatabaseUnavailable):
            dispatcher.exchange(None, "work")
    dispatcher.tidy()
    assert shop.state(id) == "queued"


def test_a_worker_that_lost_its_lease_is_told_so(shop: Workshop, dispatcher: Dispatcher) -> None:
    shop.admin.execute("DELETE FROM tolva.workers")
    with pytest.raises(LeaseLost, match="lost its lease"):
        dispatcher.exchange(None, "work")


def test_a_result_counts_as_it_was_returned_whatever_the_handler_does_with_it_afterwards(
    shop: Workshop, hasty: None
) -> None:
    """Outcomes may wait for the next trip; a thread that the handler left behind must not reach them."""
    kept: list[dict[str, object]] = []

    def work(ctx: Context) -> dict[str, object]:
        for result in kept:
            result["late"] = {1, 2}  # what JSON cannot hold
        kept.append({"n": len(kept)})
        return kept[-1]

    shop.on(work)
    ids = shop.put_many(10)
    assert shop.run() == 10
    assert [shop.row(id)["result"] for id in ids] == [{"n": n} for n in range(10)]


def test_an_outcome_that_fails_alone_and_for_long_is_told_as_a_failure_and_holds_up_no_other(
    shop: Workshop, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = shop.put_many(2)
    odd = '{"odd": 1}'
    endings = [Ending(fetch(dispatcher), Outcome(Verb.COMPLETE, odd)), complete(fetch(dispatcher))]
    real = outbox.end_attempts

    def failing(conn: Connection, given: Sequence[Ending]) -> list[DictRow]:
        if any(ending.outcome.payload == odd for ending in given):
            raise psycopg.InternalError("a trigger stumbles over it")
        return real(conn, given)

    monkeypatch.setattr(outbox, "end_attempts", failing)
    dispatcher._outbox.put(endings)
    with pytest.raises(psycopg.InternalError):
        dispatcher.exchange(None, None)
    assert shop.states(ids) == ["running", "running"], "it may pass"
    monkeypatch.setattr(outbox, "PATIENCE", 0.0)
    dispatcher.tidy()
    assert shop.states(ids) == ["failed", "completed"]
    assert "a trigger stumbles over it" in shop.row(ids[0])["error"]["detail"]


@pytest.mark.parametrize("fault", [psycopg.InternalError("cache lookup failed"), DatabaseUnavailable("away")])
def test_an_outcome_is_kept_through_a_fault_that_it_is_not_to_blame_for(
    shop: Workshop, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    ids = shop.put_many(2)
    endings = [complete(fetch(dispatcher)), Ending(fetch(dispatcher), Outcome(Verb.COMPLETE, '{"odd": 1}'))]
    real, calls = outbox.end_attempts, iter([REFUSED, fault])

    def failing(conn: Connection, given: Sequence[Ending]) -> list[DictRow]:
        for error in calls:
            raise error
        return real(conn, given)

    monkeypatch.setattr(outbox, "end_attempts", failing)
    dispatcher._outbox.put(endings)
    with pytest.raises(type(fault)):  # together they are refused, and then the first one meets the fault
        dispatcher.exchange(None, None)
    assert shop.states(ids) == ["running", "running"]
    dispatcher.tidy()
    assert shop.states(ids) == ["completed", "completed"]
    assert all(shop.events(id) == ["started", "completed"] for id in ids)


def test_an_outcome_is_not_blamed_for_the_time_of_an_outage(
    shop: Workshop, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = shop.put()
    real = outbox.end_attempts
    faults = iter([psycopg.InternalError("once"), DatabaseUnavailable("away"), psycopg.InternalError("once more")])

    def failing(conn: Connection, given: Sequence[Ending]) -> list[DictRow]:
        for error in faults:
            raise error
        return real(conn, given)

    dispatcher._outbox.put([complete(fetch(dispatcher))])
    monkeypatch.setattr(outbox, "end_attempts", failing)
    with pytest.raises(psycopg.InternalError):
        dispatcher.exchange(None, None)
    monkeypatch.setattr(outbox, "PATIENCE", 0.0)
    for fault in (DatabaseUnavailable, psycopg.InternalError):
        with pytest.raises(fault):
            dispatcher.exchange(None, None)
    dispatcher.tidy()
    assert shop.row(id)["state"] == "completed"
