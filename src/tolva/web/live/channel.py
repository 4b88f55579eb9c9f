"""A watched job: its latest messages, kept once for all who read them."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from tolva.core.job import JobId
from tolva.web.live.message import Message, portion
from tolva.web.live.reader import Reader

MOST_KEPT = 1000
"""Messages that a channel keeps. A client that is behind by more while it takes nothing is dropped."""
MOST_BYTES = 1_000_000
"""Of these messages, as they are sent."""


@dataclass(frozen=True)
class News:
    """What came to a job after the number `after`; `end` with its last message."""

    id: JobId
    after: int
    messages: Sequence[Message]
    end: Message | None = None


@dataclass(eq=False)
class Channel:
    """For the thread of the event loop alone. `head` is the last number that came."""

    tenant_id: str
    id: JobId
    head: int
    end: Message | None = None
    readers: set[Reader] = field(default_factory=set[Reader])

    def __post_init__(self) -> None:
        self.floor = self.head
        """What is kept begins after this number; what lies before it is in the database alone."""
        self._kept: deque[Message] = deque()
        self._bytes = 0

    def take(self, news: News) -> None:
        """Keep what is new, and wake everybody. What does not join on to what is known is left to the next look."""
        if news.after > self.head:
            return
        for message in news.messages:
            if message.seq > self.head:
                self._keep(message)
        self.end = news.end
        for reader in list(self.readers):
            if reader.sending_since is not None and reader.sending_since < self.floor:
                reader.drop()
            reader.wake()

    def after(self, position: int) -> list[Message]:
        """The next messages for one who has all up to `position`, which is not before `floor`."""
        waiting = list(takewhile(lambda message: message.seq > position, reversed(self._kept)))
        return portion(reversed(waiting))

    def _keep(self, message: Message) -> None:
        self._kept.append(message)
        self._bytes += len(message.sse)
        self.head = message.seq
        while len(self._kept) > MOST_KEPT or (self._bytes > MOST_BYTES and len(self._kept) > 1):
            oldest = self._kept.popleft()
            self._bytes -= len(oldest.sse)
            self.floor = oldest.seq
