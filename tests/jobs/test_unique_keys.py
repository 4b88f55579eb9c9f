"""One job for each key: while it is open, or for ever."""

import pytest

from tests.jobs.workshop import ERROR, Workshop, together
from tolva.core.job import JobId, NewJob, Verb
from tolva.errors import Conflict
from tolva.jobs.store import Enqueued


def ask(shop: Workshop, tenant: str = "a", *, forever: bool = False, key: str = "k") -> Enqueued:
    with shop.jobs.work(tenant) as work:
        (answer,) = work.enqueue(NewJob("work", unique_key=key, unique_forever=forever))
    return answer


def end(shop: Workshop, verb: Verb = Verb.COMPLETE) -> JobId:
    job = shop.take()
    shop.end(job, verb, ERROR)
    return job.id


def test_an_open_job_holds_its_key_in_every_open_state(shop: Workshop) -> None:
    holder = ask(shop)
    assert holder.created
    assert ask(shop) == Enqueued(holder.id, False)
    job = shop.take()
    assert ask(shop) == Enqueued(holder.id, False)
    shop.spawn(job)
    shop.end(job, Verb.WAIT)
    assert ask(shop) == Enqueued(holder.id, False)


@pytest.mark.parametrize("verb", [Verb.COMPLETE, Verb.FAIL, Verb.CANCEL])
def test_a_key_is_free_again_once_its_job_has_ended(shop: Workshop, verb: Verb) -> None:
    first = ask(shop)
    end(shop, verb)
    again = ask(shop)
    assert again.created
    assert again.id != first.id
    assert ask(shop) == Enqueued(again.id, False)


@pytest.mark.parametrize("verb", [Verb.COMPLETE, Verb.FAIL, Verb.CANCEL])
def test_a_key_for_ever_stays_taken(shop: Workshop, verb: Verb) -> None:
    first = ask(shop, forever=True)
    end(shop, verb)
    assert ask(shop, forever=True) == Enqueued(first.id, False)


@pytest.mark.parametrize("forever", [False, True])
def test_another_tenant_has_its_own_keys(shop: Workshop, forever: bool) -> None:
    assert ask(shop, "a", forever=forever).created
    assert ask(shop, "b", forever=forever).created
    assert ask(shop, "b", forever=forever).id != ask(shop, "a", forever=forever).id


def test_a_key_twice_in_one_call_makes_one_job(shop: Workshop) -> None:
    with shop.jobs.work("a") as work:
        first, second, other = work.enqueue(*[NewJob("work", unique_key=key) for key in ("k", "k", "l")])
    assert (first.created, second.created, other.created) == (True, False, True)
    assert first.id == second.id != other.id
    assert len(shop.claim(9)) == 2


@pytest.mark.parametrize("forever", [False, True])
def test_of_many_who_ask_at_once_one_makes_the_job_and_all_hear_of_it(shop: Workshop, forever: bool) -> None:
    answers = together(*[lambda: ask(shop, forever=forever)] * 6)
    assert [answer.created for answer in answers].count(True) == 1
    assert len({answer.id for answer in answers}) == 1


def test_only_the_one_who_made_the_job_rings(shop: Workshop) -> None:
    ask(shop)
    ask(shop)
    assert shop.engine.rung == ["work"]


def test_the_two_sorts_of_a_key_answer_with_their_own_holder(shop: Workshop) -> None:
    forever = ask(shop, forever=True)
    end(shop)
    open_one = ask(shop)
    assert open_one.created
    assert ask(shop, forever=True) == Enqueued(forever.id, False)
    assert ask(shop) == Enqueued(open_one.id, False)


def test_retry_is_refused_while_a_newer_job_holds_the_key(shop: Workshop) -> None:
    ask(shop)
    failed = end(shop, Verb.FAIL)
    newer = ask(shop)
    with pytest.raises(Conflict), shop.jobs.work("a") as work:
        work.retry(failed)
    assert shop.states([failed, newer.id]) == ["failed", "queued"]


def test_replay_of_many_leaves_out_those_whose_key_is_taken(shop: Workshop) -> None:
    ask(shop, key="taken")
    taken = end(shop, Verb.FAIL)
    ask(shop, key="taken")
    shop.take()
    shop.put()
    free = end(shop, Verb.FAIL)
    with shop.jobs.work("a") as work:
        assert work.replay([taken, free]) == [free]
    assert len([letter for letter in shop.letters(taken) if letter["replayed_at"] is None]) == 1


def test_of_two_failed_jobs_with_one_key_the_newer_is_replayed(shop: Workshop) -> None:
    ids = []
    for _ in range(2):
        ask(shop)
        ids.append(end(shop, Verb.FAIL))
    with shop.jobs.work("a") as work:
        assert work.replay(ids) == [ids[1]]
    assert shop.states(ids) == ["failed", "queued"]


def test_a_failed_job_with_a_key_for_ever_can_be_retried(shop: Workshop) -> None:
    id = ask(shop, forever=True).id
    end(shop, Verb.FAIL)
    with shop.jobs.work("a") as work:
        work.retry(id)
    assert shop.state(id) == "queued"
