"""A pause for one tenant: its jobs stay where they are, nobody else notices."""

from tests.jobs.workshop import Workshop
from tolva.core.job import NewJob, Priority
from tolva.jobs.pausing import pause_lane
from tolva.jobs.sql import SQL


def pause(shop: Workshop, tenant: str = "a", *, paused: bool = True) -> None:
    with shop.db.transaction(tenant) as conn:
        pause_lane(conn, shop.catalogue, tenant, "work", paused=paused)


def waiting(shop: Workshop) -> list[str]:
    with shop.db.connection() as conn:
        return [row["queue"] for row in conn.execute(SQL["waiting_queues"], {"queues": ["work"]}).fetchall()]


def test_a_paused_tenant_gets_nothing_however_urgent_and_others_get_their_turn(shop: Workshop) -> None:
    shop.put_many(3, tenant="a", priority=Priority.URGENT)
    theirs = shop.put_many(2, tenant="b")
    pause(shop)
    assert {job.id for job in shop.claim(5)} == set(theirs)
    assert shop.claim(5) == []


def test_a_tenant_that_goes_on_gets_what_it_had(shop: Workshop) -> None:
    mine = shop.put_many(2, tenant="a")
    pause(shop)
    assert shop.claim(5) == []
    pause(shop, paused=False)
    assert {job.id for job in shop.claim(5)} == set(mine)


def test_a_queue_in_which_only_paused_tenants_wait_has_no_work(shop: Workshop) -> None:
    shop.put(tenant="a")
    pause(shop)
    assert waiting(shop) == []
    shop.put(tenant="b")
    assert waiting(shop) == ["work"]


def test_a_running_job_of_a_paused_tenant_goes_on(shop: Workshop) -> None:
    shop.put(tenant="a")
    job = shop.take()
    pause(shop)
    ctx = shop.context(job)
    with ctx.transaction():
        ctx.complete()
    assert shop.state(job.id) == "completed"


def test_whoever_comes_back_from_a_pause_has_saved_nothing_up(shop: Workshop) -> None:
    shop.put_many(20, tenant="a")
    pause(shop)
    with shop.jobs.work("b") as work:
        work.enqueue(*[NewJob("work")] * 40)
    assert len(shop.claim(20)) == 20
    shop.admin.execute("UPDATE tolva.queues SET noted_at = now() - interval '1 hour'")
    pause(shop, paused=False)
    taken = [job.tenant_id for job in shop.claim(10)]
    assert abs(taken.count("a") - taken.count("b")) <= 1
