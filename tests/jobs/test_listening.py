"""A crew that is alive, connected, and deaf is found out by the jobs that wait."""

import pytest

from tests.jobs.workshop import Notepad, Workshop
from tolva.errors import BrokerUnavailable
from tolva.jobs import listening
from tolva.jobs.listening import Listening


class Mute(Notepad):
    """Its broker is away."""

    is_back = False

    def depth(self, queue: str) -> int | None:
        if self.is_back:
            return 7
        raise BrokerUnavailable("nobody there")


@pytest.fixture(autouse=True)
def at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "EVERY", 0.0)


def wait_long(shop: Workshop) -> None:
    shop.put()
    shop.admin.execute("UPDATE tolva.jobs SET run_at = now() - interval '20 s'")


def test_jobs_that_wait_while_processes_are_idle_tell_that_nobody_hears(shop: Workshop) -> None:
    wait_long(shop)
    ears = Listening(shop.db, shop.engine, ["work"])
    assert ears.deaf(idle=True) is None, "one look proves nothing"
    reason = ears.deaf(idle=True)
    assert reason is not None
    assert reason.startswith("Jobs of queue work have been ready for more than 15 s")


def test_the_reason_is_the_broker_where_that_is_away(shop: Workshop) -> None:
    wait_long(shop)
    ears = Listening(shop.db, Mute(), ["work"])
    assert [ears.deaf(idle=True), ears.deaf(idle=True)] == [None, "nobody there"]


def test_a_crew_has_time_to_find_a_broker_that_is_back(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_long(shop)
    engine = Mute()
    ears = Listening(shop.db, engine, ["work"])
    assert ears.deaf(idle=True) is None
    engine.is_back = True
    assert "find it again by themselves" in str(ears.deaf(idle=True))
    monkeypatch.setattr(listening, "RETURN", 0.0)
    assert "Start this worker again" in str(ears.deaf(idle=True))


def test_jobs_that_wait_because_all_are_busy_prove_nothing(shop: Workshop) -> None:
    wait_long(shop)
    ears = Listening(shop.db, shop.engine, ["work"])
    assert {ears.deaf(idle=False) for _ in range(3)} == {None}


def test_a_crew_that_takes_the_jobs_hears_again(shop: Workshop) -> None:
    wait_long(shop)
    ears = Listening(shop.db, shop.engine, ["work"])
    assert [ears.deaf(idle=True), bool(ears.deaf(idle=True))] == [None, True]
    shop.take()
    assert ears.deaf(idle=True) is None


def test_a_paused_queue_does_not_make_a_crew_deaf(shop: Workshop) -> None:
    wait_long(shop)
    shop.admin.execute("UPDATE tolva.queues SET paused_at = now() WHERE name = 'work'")
    ears = Listening(shop.db, shop.engine, ["work"])
    assert {ears.deaf(idle=True) for _ in range(3)} == {None}
