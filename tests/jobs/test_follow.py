"""Progress and events: numbered without gap, and followed from anywhere without loss or repetition."""

from collections.abc import Iterator
from threading import Thread

import pytest

from tests.jobs.workshop import ERROR, Workshop, together, until
from tolva.core.job import JobId, NewJob, Verb
from tolva.errors import NotFound
from tolva.jobs import progress
from tolva.jobs.context import Context
from tolva.jobs.progress import News, follow


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LOOK", 0.01)


def seqs(shop: Workshop, id: JobId) -> list[int]:
    rows = shop.admin.execute("SELECT seq FROM tolva.job_events WHERE job_id = %s ORDER BY seq", (id,))
    return [row["seq"] for row in rows]


def told(news: Iterator[News]) -> list[tuple[int, str]]:
    return [(event["seq"], event["type"]) for each in news for event in each.events]


def counted(shop: Workshop, steps: int = 3) -> JobId:
    """A completed job that has shown its progress in so many steps."""

    def work(ctx: Context) -> None:
        for n in range(steps):
            ctx.progress(rows=n)

    shop.on(work, "counting")
    id = shop.put("counting")
    shop.run()
    return id


ALL = [(1, "started"), (2, "progress"), (3, "progress"), (4, "progress"), (5, "completed")]


def test_every_event_has_the_next_number(shop: Workshop) -> None:
    id = counted(shop)
    assert seqs(shop, id) == [1, 2, 3, 4, 5]
    assert shop.row(id)["seq"] == 5


def test_events_of_many_hands_at_once_are_numbered_without_gap_or_repetition(shop: Workshop) -> None:
    """Its own progress, the ends of its children, and cancel requests."""
    shop.put()
    parent = shop.take()
    shop.spawn(parent, 12, priority=0)
    children = shop.claim(12)
    ctx = shop.context(parent)

    def show() -> None:
        for n in range(12):
            ctx.progress(rows=n)

    def end(mine: slice) -> None:
        for child in children[mine]:
            shop.end(child, Verb.COMPLETE)

    together(show, lambda: end(slice(0, 6)), lambda: end(slice(6, 12)))
    assert seqs(shop, parent.id) == list(range(1, 26))


@pytest.mark.parametrize("after", range(6))
def test_a_reader_misses_and_repeats_nothing_wherever_it_goes_on(shop: Workshop, after: int) -> None:
    assert told(follow(shop.db, "a", counted(shop), after)) == ALL[after:]


def test_a_late_reader_gets_the_present_and_no_past(shop: Workshop) -> None:
    (news,) = follow(shop.db, "a", counted(shop))
    assert (news.job["state"], news.job["progress"], news.events) == ("completed", {"rows": 2}, [])
    assert news.is_last


def test_a_reader_gets_the_present_first_though_nothing_happens(shop: Workshop) -> None:
    id = shop.put()
    first = next(follow(shop.db, "a", id))
    assert (first.job["state"], first.events, first.seq, first.is_last) == ("queued", [], 0, False)


def test_a_reader_hears_live_what_happens(shop: Workshop) -> None:
    id = shop.put()
    heard: list[News] = []
    reader = Thread(target=lambda: heard.extend(follow(shop.db, "a", id)))
    reader.start()
    job = shop.take()
    until(lambda: any(event["type"] == "started" for news in list(heard) for event in news.events) or None, 5)
    shop.context(job).progress(rows=1)
    shop.end(job, Verb.COMPLETE)
    reader.join(10)
    assert not reader.is_alive()
    numbers = [number for number, _ in told(iter(heard))]
    assert numbers in ([1, 2, 3], [2, 3])  # the first is told unless it was part of the present
    assert heard[-1].is_last


@pytest.mark.parametrize("portion", [1, 2, 5])
def test_events_come_in_portions_without_loss(shop: Workshop, monkeypatch: pytest.MonkeyPatch, portion: int) -> None:
    monkeypatch.setattr(progress, "MOST_EVENTS", portion)
    assert told(follow(shop.db, "a", counted(shop), 0)) == ALL


def test_an_event_between_the_two_looks_is_not_lost(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    id = shop.put()
    job = shop.take()
    get_job = progress.store.get_job

    def slow(conn, id):
        row = get_job(conn, id)
        if row["state"] == "running":
            shop.end(job, Verb.COMPLETE)
        return row

    monkeypatch.setattr(progress.store, "get_job", slow)
    assert told(follow(shop.db, "a", id, 0)) == [(1, "started"), (2, "completed")]


def test_a_number_from_the_future_does_not_silence_the_reader(shop: Workshop) -> None:
    assert [news.is_last for news in follow(shop.db, "a", counted(shop), 99)] == [True]


def test_another_tenants_job_cannot_be_followed(shop: Workshop) -> None:
    with pytest.raises(NotFound):
        next(follow(shop.db, "b", shop.put(), 0))


def test_a_job_that_fails_is_followed_to_its_end(shop: Workshop) -> None:
    id = shop.put()
    shop.end(shop.take(), Verb.FAIL, ERROR)
    *_, last = follow(shop.db, "a", id, 0)
    assert (last.events[-1]["type"], last.events[-1]["data"]["error"]) == ("failed", ERROR)


def test_counters_that_are_not_named_keep_their_value(shop: Workshop) -> None:
    id = shop.put()
    ctx = shop.context(shop.take())
    ctx.progress(rows=1, refused=0)
    ctx.progress(rows=2)
    with ctx.transaction():
        ctx.progress(refused=1)
        ctx.progress(rows=3)
    assert shop.row(id)["progress"] == {"rows": 3, "refused": 1} == ctx.counters


def test_progress_in_a_transaction_that_fails_is_not_shown(shop: Workshop) -> None:
    id = shop.put()
    ctx = shop.context(shop.take())
    ctx.progress(rows=1)
    with pytest.raises(ZeroDivisionError), ctx.transaction():
        ctx.progress(rows=2)
        ctx.spawn(NewJob("work"))
        raise ZeroDivisionError
    assert (shop.row(id)["progress"], ctx.counters) == ({"rows": 1}, {"rows": 1})
    assert seqs(shop, id) == [1, 2]
