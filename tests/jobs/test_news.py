"""News of many jobs at once: in order, in portions, and never of another tenant."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.jobs.workshop import ERROR, Workshop
from tolva.core.job import Claimed, JobId, Verb
from tolva.jobs import news as module
from tolva.jobs.news import Watched, news


def found(shop: Workshop, *watched: Watched) -> list[tuple[JobId, int, bool]]:
    with shop.db.connection() as conn:
        return [(row["job_id"], row["seq"], row["is_last"]) for row in news(conn, watched)]


def reported(shop: Workshop, tenant: str, steps: int) -> Claimed:
    shop.put(tenant=tenant)
    job = shop.take()
    ctx = shop.context(job)
    for n in range(steps):
        ctx.progress(rows=n)
    return job


def test_what_came_after_a_number_is_told_in_order_and_nothing_else(shop: Workshop) -> None:
    one, other = reported(shop, "a", 2), reported(shop, "b", 4)
    assert found(shop, Watched("a", one.id, 1), Watched("b", other.id, 5)) == [(one.id, 2, False), (one.id, 3, False)]


def test_the_end_of_a_job_is_marked_until_it_is_queued_again(shop: Workshop) -> None:
    job = reported(shop, "a", 0)
    shop.end(job, Verb.FAIL, ERROR)
    assert found(shop, Watched("a", job.id, 0)) == [(job.id, 1, False), (job.id, 2, True)]
    with shop.jobs.work("a") as work:
        work.retry(job.id)
    assert found(shop, Watched("a", job.id, 1)) == [(job.id, 2, False), (job.id, 3, False)]


def test_many_events_come_in_portions(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    job = reported(shop, "a", 2)
    shop.end(job, Verb.COMPLETE)
    assert found(shop, Watched("a", job.id, 0)) == [(job.id, 1, False), (job.id, 2, False)]
    assert found(shop, Watched("a", job.id, 2)) == [(job.id, 3, False), (job.id, 4, True)]


def test_whatever_is_asked_no_tenant_hears_of_anothers_job(shop: Workshop) -> None:
    owner = {reported(shop, tenant, 2).id: tenant for tenant in "abcabc"}
    asked = st.builds(Watched, st.sampled_from("abcd"), st.sampled_from(sorted(owner)), st.integers(0, 4))

    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.nested_given])
    @given(st.lists(asked, max_size=8, unique_by=lambda each: each.id))
    def check(watched: list[Watched]) -> None:
        own = {each.id: each.after for each in watched if owner[each.id] == each.tenant_id}
        expected = {(id, seq, False) for id, after in own.items() for seq in range(after + 1, 4)}
        assert set(found(shop, *watched)) == expected

    check()
