"""One reader's way through a job: the present, what it missed, then what comes."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from tolva.db.pool import Database
from tolva.errors import TryLater
from tolva.jobs.news import events_after
from tolva.web.live.channel import Channel
from tolva.web.live.message import Message, event_message, portion
from tolva.web.live.opening import Opening
from tolva.web.live.reader import Reader

log = logging.getLogger(__name__)

HEARTBEAT = 15.0
"""Seconds after which a stream says that it is still there."""
AGAIN = 1.0
"""Seconds until the database is asked again for what a reader missed."""

# Fewer than the threads and the database connections of the process: when everybody comes back at once, other calls
# still find some.
STREAM_THREADS = CapacityLimiter(4)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Stream:
    """A reader, and the channel that it reads."""

    db: Database
    channel: Channel
    reader: Reader
    opening: Opening

    @property
    def at_end(self) -> bool:
        """Whether the job has ended and every event was told."""
        return self.channel.end is not None and self.reader.position >= self.channel.head

    async def batches(self) -> AsyncGenerator[list[Message]]:
        """Messages in order, as they come, until the job ends or the stream is over. An empty batch is a heartbeat."""
        with _heartbeats(self.reader, self._mind_the_key):
            yield self._sent([self.opening.present.pop()])
            while not self.reader.over:
                self.reader.sending_since = None
                self.reader.woken.clear()
                batch = await self._next()
                if batch is None:
                    return
                if batch or self.reader.beat_due:
                    yield self._sent(batch)
                elif self.at_end and self.channel.end is not None:
                    yield self._sent([self.channel.end])
                    return
                else:
                    await self.reader.woken.wait()

    async def _mind_the_key(self) -> None:
        """End the stream when its reader's key was revoked meanwhile. While nobody can tell, it stays."""
        try:
            if not await in_stream_thread(self.opening.in_force):
                self.reader.leave()
        except TryLater as error:
            log.warning("the reader of job %s is not checked: %s", self.channel.id, error)

    def _sent(self, batch: list[Message]) -> list[Message]:
        """Note that the client is to take this."""
        self.reader.beat_due = False
        self.reader.sending_since = self.channel.head
        return batch

    async def _next(self) -> list[Message] | None:
        """What follows, if it has come; None when nothing ever will."""
        kept = self.reader.position >= self.channel.floor
        batch = self.channel.after(self.reader.position) if kept else await self._missed()
        if batch:
            self.reader.position = batch[-1].seq
        return batch

    async def _missed(self) -> list[Message] | None:
        """What is not kept any more, out of the database; None when it is not there either: the job is deleted."""
        try:
            return await in_stream_thread(self._read) or None
        except TryLater as error:
            log.warning("a stream of job %s waits: %s", self.channel.id, error)
            asyncio.get_running_loop().call_later(AGAIN, self.reader.wake)
            return []

    def _read(self) -> list[Message]:
        with self.db.transaction(self.channel.tenant_id) as conn:
            rows = events_after(conn, self.channel.id, self.reader.position)
        return portion(event_message(row) for row in rows if row["seq"] <= self.channel.head)


async def in_stream_thread(work: Callable[[], Result]) -> Result:
    """Run what waits for the database on behalf of a stream."""
    return await to_thread.run_sync(work, limiter=STREAM_THREADS)


@contextmanager
def _heartbeats(reader: Reader, mind: Callable[[], Coroutine[None, None, None]]) -> Generator[None]:
    """Let the reader say something now and then, and do `mind` beside it, one after the other.

    One timer for all of its life costs less than one for each wait.
    """
    loop = asyncio.get_running_loop()
    minding: asyncio.Task[None] | None = None

    def beat() -> None:
        nonlocal timer, minding
        reader.beat()
        if minding is None or minding.done():
            minding = loop.create_task(mind())
        timer = loop.call_later(HEARTBEAT, beat)

    timer = loop.call_later(HEARTBEAT, beat)
    try:
        yield
    finally:
        timer.cancel()
        if minding is not None:
            minding.cancel()
