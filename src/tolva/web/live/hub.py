"""All live streams of one API process."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial

from tolva.core.job import JobId
from tolva.db.pool import Database
from tolva.engines.news import Ears
from tolva.errors import TryLater
from tolva.jobs.news import Watched
from tolva.web.live.channel import Channel, News
from tolva.web.live.opening import InForce, Opening, View, open_stream
from tolva.web.live.reader import Reader
from tolva.web.live.stream import Stream, in_stream_thread
from tolva.web.live.watcher import Watcher

MOST_STREAMS = 5000
"""Of one process."""
MOST_OF_TENANT = 4000
"""Of one tenant in one process: the others find some, too."""
AGAIN = 5.0
"""Seconds after which a client that found no room may ask again."""


class Hub:
    """Streams are opened, and end, on the event loop's thread; a thread of our own looks for news."""

    def __init__(self, db: Database, view: View, ears: Ears) -> None:
        self._db = db
        self._view = view
        self._watcher = Watcher(db, view, self._watched, self._deliver, ears)
        self._channels: dict[JobId, Channel] = {}
        self._readers: set[Reader] = set()
        self._of_tenant: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = False

    async def open(self, tenant_id: str, id: JobId, after: int | None, in_force: InForce) -> Opening:
        """Where a stream of this job begins; see `open_stream`. Raises TryLater when there is no room for one."""
        if self._ended:
            raise TryLater("This process is going down; another will answer.", AGAIN)
        if len(self._readers) >= MOST_STREAMS or self._of_tenant[tenant_id] >= MOST_OF_TENANT:
            raise TryLater(
                f"{len(self._readers)} streams are open; run more API processes (TOLVA_API_PROCESSES).", AGAIN
            )
        return await in_stream_thread(partial(open_stream, self._db, self._view, tenant_id, id, after, in_force))

    @contextmanager
    def stream(self, opening: Opening, cut: Callable[[], None]) -> Generator[Stream]:
        """A stream, for as long as the context is open. `cut` breaks its connection off."""
        channel = self._channel(opening)
        reader = Reader(opening.position, cut, over=self._ended)
        channel.readers.add(reader)
        self._readers.add(reader)
        self._of_tenant[opening.tenant_id] += 1
        if opening.end is None:
            self._watcher.wake()
        try:
            yield Stream(self._db, channel, reader, opening)
        finally:
            self._readers.discard(reader)
            self._of_tenant[opening.tenant_id] -= 1
            channel.readers.discard(reader)
            if not channel.readers and self._channels.get(channel.id) is channel:
                del self._channels[channel.id]

    def end(self) -> None:
        """End all streams at once: their clients come back, to another process. Further ones are refused."""
        self._ended = True
        self._watcher.stop()
        for reader in list(self._readers):
            if reader.sending_since is None:
                reader.leave()
            else:
                reader.drop()  # it takes nothing now, and would hold us up

    def close(self) -> None:
        """For the owner, when the event loop has ended."""
        self._ended = True
        self._watcher.stop()
        self._watcher.join()

    def _channel(self, opening: Opening) -> Channel:
        """The job's; one that has ended is not watched, and has one of its own."""
        fresh = Channel(opening.tenant_id, opening.id, opening.seq, opening.end)
        if opening.end is not None:
            return fresh
        self._loop = asyncio.get_running_loop()
        return self._channels.setdefault(opening.id, fresh)

    def _watched(self) -> list[Watched]:
        return [Watched(each.tenant_id, each.id, each.head) for each in list(self._channels.values())]

    def _deliver(self, found: Sequence[News]) -> None:
        """Hand the news to the event loop, and wait until it has them: what is slow is asked less often."""
        taken = threading.Event()
        assert self._loop is not None, "somebody watches"
        self._loop.call_soon_threadsafe(self._take, found, taken)
        while not taken.wait(1.0) and not self._ended:
            pass

    def _take(self, found: Sequence[News], taken: threading.Event) -> None:
        for news in found:
            if channel := self._channels.get(news.id):
                channel.take(news)
                if channel.end is not None:
                    del self._channels[news.id]
        taken.set()
