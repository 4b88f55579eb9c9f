"""A tenant's rate limit: a bucket of tokens that fills with time."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.jobs.workshop import Workshop
from tolva.core.job import Verb
from tolva.errors import InvalidInput
from tolva.jobs import store
from tolva.jobs.sql import SQL


def limit(shop: Workshop, tenant: str, rate: float | None, burst: float | None = None) -> None:
    with shop.db.transaction(tenant) as conn:
        store.set_lane(conn, tenant, "work", rate=rate, burst=burst)


def go_by(shop: Workshop, seconds: float) -> None:
    """Let time go by for the buckets."""
    shop.admin.execute("UPDATE tolva.lanes SET tokens_at = tokens_at - make_interval(secs => %s)", (seconds,))


def seconds_until_ready(shop: Workshop) -> dict[str, float]:
    with shop.db.connection() as conn:
        rows = conn.execute(SQL["waiting_queues"], {"queues": ["work", "nowhere"]}).fetchall()
    return {row["queue"]: row["seconds"] for row in rows}


def test_the_burst_goes_at_once_and_the_rest_at_the_rate(shop: Workshop) -> None:
    limit(shop, "a", rate=0.01, burst=3)
    shop.put_many(10)
    assert len(shop.claim(10)) == 3
    assert shop.claim(10) == []
    go_by(shop, 100)
    assert len(shop.claim(10)) == 1
    go_by(shop, 250)
    assert len(shop.claim(10)) == 2
    go_by(shop, 100_000)
    assert len(shop.claim(10)) == 3  # no more than the burst, however long it was idle


def test_parts_of_a_token_are_not_lost(shop: Workshop) -> None:
    limit(shop, "a", rate=0.01, burst=1)
    shop.put_many(3)
    shop.take()
    for _ in range(3):
        go_by(shop, 30)
        assert shop.claim() == []
    go_by(shop, 15)
    assert len(shop.claim()) == 1


def test_one_tenants_limit_does_not_touch_another(shop: Workshop) -> None:
    limit(shop, "a", rate=0.001, burst=1)
    shop.put_many(5, tenant="a")
    shop.put_many(5, tenant="b")
    tenants = [job.tenant_id for _ in range(10) for job in shop.claim()]
    assert (tenants.count("a"), tenants.count("b")) == (1, 5)


def test_the_limit_holds_over_several_priorities(shop: Workshop) -> None:
    limit(shop, "a", rate=0.001, burst=2)
    shop.put_many(3, priority=7)
    shop.put_many(3, priority=1)
    assert [shop.row(job.id)["priority"] for job in shop.claim(9)] == [1, 1]


def test_waiting_queues_says_when_the_next_token_comes(shop: Workshop) -> None:
    limit(shop, "a", rate=0.01, burst=1)
    shop.put_many(2)
    assert seconds_until_ready(shop)["work"] <= 0
    shop.take()
    assert 98 < seconds_until_ready(shop)["work"] <= 100
    shop.put(tenant="b")
    assert seconds_until_ready(shop)["work"] <= 0


def test_waiting_queues_says_when_the_first_job_is_due(shop: Workshop) -> None:
    assert seconds_until_ready(shop) == {}
    shop.put(run_at=datetime.now(UTC) + timedelta(seconds=60))
    shop.put(tenant="b", run_at=datetime.now(UTC) + timedelta(seconds=30))
    assert 28 < seconds_until_ready(shop)["work"] <= 30
    shop.put(priority=9, run_at=datetime.now(UTC) - timedelta(seconds=30))
    assert -32 < seconds_until_ready(shop)["work"] <= -30


def test_a_paused_queue_does_not_wait(shop: Workshop) -> None:
    shop.put()
    shop.admin.execute("UPDATE tolva.queues SET paused_at = now()")
    assert seconds_until_ready(shop) == {}


def test_a_tenant_that_gets_a_limit_after_much_work_begins_with_a_full_burst(shop: Workshop) -> None:
    shop.put_many(40)
    for job in shop.claim(20):
        shop.end(job, Verb.COMPLETE)
    limit(shop, "a", rate=0.01, burst=2)
    assert len(shop.claim(20)) == 2


def test_a_limit_taken_away_is_gone(shop: Workshop) -> None:
    limit(shop, "a", rate=0.01, burst=1)
    shop.put_many(4)
    assert len(shop.claim(4)) == 1
    limit(shop, "a", rate=None)
    assert len(shop.claim(4)) == 3


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(shop: Workshop, rate: float) -> None:
    with pytest.raises(InvalidInput, match="rate"):
        limit(shop, "a", rate)


@pytest.mark.parametrize("burst", [-1, 0.5, float("nan"), float("inf")])
def test_a_burst_below_one_job_is_refused(shop: Workshop, burst: float) -> None:
    with pytest.raises(InvalidInput, match="burst"):
        limit(shop, "a", 1, burst)
