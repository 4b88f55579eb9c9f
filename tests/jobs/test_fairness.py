"""Tenants take turns within a priority, by weight, however many jobs one of them has queued."""

from collections import Counter

import pytest

from tests.jobs.workshop import Workshop
from tolva.core.job import Queue
from tolva.errors import InvalidInput
from tolva.jobs import store


def served(shop: Workshop, claims: int, most: int = 1) -> str:
    """Whose jobs the next claims hand out, in order."""
    return "".join(job.tenant_id for _ in range(claims) for job in shop.claim(most))


def weigh(shop: Workshop, tenant: str, weight: float) -> None:
    with shop.db.transaction(tenant) as conn:
        store.set_lane(conn, tenant, "work", weight=weight)


def pause(shop: Workshop) -> None:
    """Some seconds in which nothing is claimed."""
    shop.admin.execute("UPDATE tolva.queues SET noted_at = noted_at - interval '3 s'")


def backlog(shop: Workshop, number: int, tenant: str) -> None:
    """So many queued jobs that making them one by one would take long."""
    shop.admin.execute(
        """
        INSERT INTO tolva.jobs
          (id, tenant_id, queue, kind, priority, max_attempts, soft_limit, hard_limit, params, run_at)
        SELECT gen_random_uuid(), %s, 'work', 'work', 5, 3, 60, 120, '{}', now() - interval '1 h'
        FROM generate_series(1, %s)""",
        (tenant, number),
    )


def test_tenants_take_turns_however_many_jobs_one_of_them_has(shop: Workshop) -> None:
    shop.put_many(30, tenant="a")
    shop.put_many(5, tenant="b")
    order = served(shop, 10)
    assert Counter(order) == {"a": 5, "b": 5}
    assert "aa" not in order[1:]
    assert served(shop, 5) == "aaaaa"


def test_one_claim_of_many_is_as_fair_as_many_claims(shop: Workshop) -> None:
    for tenant in "abc":
        shop.put_many(20, tenant=tenant)
    assert Counter(served(shop, 2, most=9)) == {"a": 6, "b": 6, "c": 6}


@pytest.mark.parametrize("most", [1, 7])
def test_twice_the_weight_is_twice_the_turns(shop: Workshop, most: int) -> None:
    weigh(shop, "a", 2)
    for tenant in "ab":
        shop.put_many(80, tenant=tenant)
    counts = Counter(served(shop, 63 // most, most=most))
    assert abs(counts["a"] - 2 * counts["b"]) <= 2


def test_a_small_weight_waits_longer_but_not_for_ever(shop: Workshop) -> None:
    weigh(shop, "b", 0.1)
    shop.put_many(40, tenant="a")
    shop.put_many(40, tenant="b")
    assert Counter(served(shop, 44)) == {"a": 40, "b": 4}


def test_a_newcomer_does_not_wait_for_a_long_backlog(shop: Workshop) -> None:
    backlog(shop, 20_000, "a")
    assert served(shop, 5) == "aaaaa"
    shop.put_many(5, tenant="b")
    assert served(shop, 10).count("b") == 5


def test_a_tenant_that_comes_a_moment_late_has_the_turns_that_it_missed_and_no_more(shop: Workshop) -> None:
    shop.put_many(80, tenant="a")
    served(shop, 1, most=20)
    shop.put_many(60, tenant="b")
    assert served(shop, 1, most=18) == "b" * 18
    assert abs(served(shop, 1, most=20).count("b") - 10) <= 2


def test_a_tenant_that_was_idle_for_long_has_not_saved_up_its_turns(shop: Workshop) -> None:
    shop.put(tenant="b")
    shop.put_many(80, tenant="a")
    served(shop, 41)
    pause(shop)
    shop.put_many(30, tenant="b")
    assert abs(served(shop, 20).count("b") - 10) <= 1


@pytest.mark.parametrize(("seconds", "missed"), [(0.4, 30), (1.4, 20), (2.5, 10)])
def test_a_moment_is_one_to_two_seconds(shop: Workshop, seconds: float, missed: int) -> None:
    """Ten turns, a while, ten turns, a while, ten turns: how many of them somebody who comes now has missed."""
    shop.put_many(80, tenant="a")
    served(shop, 1, most=10)
    for _ in range(2):
        shop.admin.execute(
            "UPDATE tolva.queues SET noted_at = clock_timestamp() - make_interval(secs => %s)", (seconds,)
        )
        served(shop, 1, most=10)
    shop.put_many(40, tenant="b")
    assert abs(served(shop, 1, most=missed + 10).count("b") - (missed + 5)) <= 1


def test_a_clock_that_was_set_back_gives_nobody_more_than_that(shop: Workshop) -> None:
    shop.put_many(80, tenant="a")
    served(shop, 1, most=20)
    shop.admin.execute("UPDATE tolva.queues SET noted_at = clock_timestamp() + interval '1 h'")
    served(shop, 1)
    shop.put_many(30, tenant="b")
    assert abs(served(shop, 1, most=20).count("b") - 10) <= 1


def test_short_absences_add_up_to_no_more_than_the_fair_share(shop: Workshop) -> None:
    shop.put_many(200, tenant="a")
    order = ""
    for _ in range(30):
        shop.put_many(2, tenant="b")
        order += served(shop, 3)  # both of b's wait when it begins, and it is idle again by the end
    assert order.count("b") <= len(order) / 2 + 1


def test_a_tenant_does_not_pay_for_what_it_got_while_alone(shop: Workshop) -> None:
    shop.put_many(60, tenant="a")
    served(shop, 30)
    pause(shop)
    shop.put_many(20, tenant="b")
    assert abs(served(shop, 20).count("a") - 10) <= 1


def test_urgent_jobs_do_not_distort_the_turns_of_the_others(shop: Workshop) -> None:
    """While the urgent jobs of one tenant go first, the others lose no turn and gain none among themselves."""
    for tenant in "bc":
        shop.put_many(40, tenant=tenant)
    shop.put_many(20, tenant="a", priority=1)
    assert served(shop, 20) == "a" * 20
    assert Counter(served(shop, 10)) == {"b": 5, "c": 5}
    shop.put_many(30, tenant="a")
    counts = Counter(served(shop, 60))
    assert counts["b"] == counts["c"]
    assert counts["a"] <= 21  # no more than its share; it has had twenty in advance


def test_jobs_that_cannot_run_yet_do_not_hold_the_clock_back(shop: Workshop) -> None:
    """A tenant at its rate limit is not owed the turns that it could not take."""
    with shop.db.transaction("r") as conn:
        store.set_lane(conn, "r", "work", rate=0.001, burst=1)
    shop.put_many(30, tenant="r")
    shop.put_many(60, tenant="a")
    assert served(shop, 41).count("r") == 1
    shop.admin.execute("UPDATE tolva.lanes SET rate = NULL WHERE tenant_id = 'r'")
    pause(shop)
    assert abs(served(shop, 20).count("r") - 10) <= 1


def test_turns_are_kept_for_each_queue(shop: Workshop) -> None:
    shop.on(lambda ctx: None, "other", Queue("other"))
    shop.open("other")
    shop.put_many(10, "other", tenant="a")
    shop.claim(10, queue="other")
    shop.put_many(4, tenant="a")
    shop.put_many(4, tenant="b")
    assert Counter(served(shop, 4)) == {"a": 2, "b": 2}


@pytest.mark.parametrize("weight", [0, -1, float("nan"), float("inf")])
def test_a_weight_that_is_no_share_is_refused(shop: Workshop, weight: float) -> None:
    with pytest.raises(InvalidInput, match="weight"):
        weigh(shop, "a", weight)
