"""Rings on their way to a broker."""

import time
from collections.abc import Sequence

from tests.jobs.workshop import until
from tolva.core.job import JobId
from tolva.engines.sender import COUNT_EVERY, MOST_RINGS, Sender


class Broker:
    """Notes what it is asked, in order."""

    def __init__(self, lying: int) -> None:
        self.lying = lying
        self.asked: list[str] = []

    def send(self, _queue: str, hints: Sequence[str]) -> None:
        self.asked += hints

    def depth(self, _queue: str) -> int:
        self.asked.append("count")
        return self.lying


def test_only_the_first_ring_waits_for_a_count() -> None:
    broker = Broker(lying=0)
    sender = Sender(broker.send, broker.depth)
    sender.ring("imports", [JobId("first")])
    until(lambda: broker.asked == ["count", "first"], 5)
    time.sleep(COUNT_EVERY)
    sender.ring("imports", [JobId("second")])
    sender.close()
    assert broker.asked == ["count", "first", "second", "count"]


def test_rings_end_where_too_many_lie_and_go_on_when_they_were_heard() -> None:
    broker = Broker(lying=MOST_RINGS)
    sender = Sender(broker.send, broker.depth)
    sender.ring("imports", [JobId("first")])
    until(lambda: "count" in broker.asked, 5)
    sender.ring("imports", [JobId("unsent")])
    until(lambda: _again(sender, broker), 5 * COUNT_EVERY)
    sender.close()
    assert "unsent" not in broker.asked


def _again(sender: Sender, broker: Broker) -> bool:
    """Whether rings are sent again, soon after the queue is empty."""
    broker.lying = 0
    sender.ring("imports", [JobId("again")])
    return "again" in broker.asked
