"""What a channel keeps, and what it hands out."""

import pytest

from tolva.core.job import JobId
from tolva.web.live import channel
from tolva.web.live.channel import Channel, News
from tolva.web.live.message import MOST_AT_ONCE, Message, portion
from tolva.web.live.reader import Reader

ID = JobId("job")


def messages(first: int, last: int, size: int = 1) -> list[Message]:
    return [Message(seq, b"x" * size, "") for seq in range(first, last + 1)]


def news(first: int, last: int, after: int | None = None, size: int = 1) -> News:
    return News(ID, first - 1 if after is None else after, messages(first, last, size))


def seqs(found: list[Message]) -> list[int]:
    return [message.seq for message in found]


def test_what_is_known_already_is_not_kept_twice() -> None:
    made = Channel("a", ID, head=5)
    made.take(news(4, 7))
    made.take(news(6, 8))
    assert seqs(made.after(5)) == [6, 7, 8]
    assert seqs(made.after(7)) == [8]


def test_news_that_do_not_join_on_are_left_to_the_next_look() -> None:
    made = Channel("a", ID, head=5)
    made.take(News(ID, 8, messages(9, 9), end=messages(9, 9)[0]))
    assert (made.head, made.end, made.after(5)) == (5, None, [])


def test_a_channel_keeps_so_many_messages_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "MOST_KEPT", 3)
    monkeypatch.setattr(channel, "MOST_BYTES", 100)
    made = Channel("a", ID, head=0)
    made.take(news(1, 10))
    assert (made.floor, seqs(made.after(7))) == (7, [8, 9, 10])
    made.take(news(11, 12, size=60))
    assert (made.floor, seqs(made.after(11))) == (11, [12])
    made.take(news(13, 13, size=1000))
    assert (made.floor, seqs(made.after(12))) == (12, [13]), "the last is kept, whatever its size"


def test_what_is_handed_out_at_once_is_bounded_and_never_nothing() -> None:
    assert len(portion(messages(1, 100, size=MOST_AT_ONCE // 10))) == 10
    assert len(portion(messages(1, 2, size=MOST_AT_ONCE * 2))) == 1


@pytest.mark.parametrize(("sending_since", "dropped"), [(None, False), (0, True), (8, False)])
def test_who_takes_nothing_while_all_that_is_kept_changes_is_dropped(
    sending_since: int | None, dropped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel, "MOST_KEPT", 3)
    cuts: list[bool] = []
    reader = Reader(0, lambda: cuts.append(True), sending_since=sending_since)
    made = Channel("a", ID, head=0, readers={reader})
    made.take(news(1, 10))
    assert (bool(cuts), reader.over, reader.woken.is_set()) == (dropped, dropped, True)
