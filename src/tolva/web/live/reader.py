"""A stream as its channel knows it: how far it is, whether it waits, and how to be rid of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Reader:
    """For the thread of the event loop alone. `cut` breaks the connection off."""

    position: int
    cut: Callable[[], None]
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    sending_since: int | None = None
    """While the client takes what was sent: the channel's last number when that began."""
    beat_due: bool = False
    over: bool = False

    def wake(self) -> None:
        """There may be something to say."""
        self.woken.set()

    def beat(self) -> None:
        """Say something, if only that we are still there."""
        self.beat_due = True
        self.wake()

    def leave(self) -> None:
        """End the stream: its client is gone, or this process goes."""
        self.over = True
        self.wake()

    def drop(self) -> None:
        """End the stream of a client that takes nothing."""
        self.leave()
        self.cut()
