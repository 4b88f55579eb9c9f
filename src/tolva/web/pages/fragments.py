"""A job's live stream for its page: the part that moves, rendered anew, as htmx takes it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tolva.errors import NotFound, TryLater
from tolva.web.live.message import Message
from tolva.web.live.sse import HEARTBEAT
from tolva.web.live.stream import in_stream_thread

log = logging.getLogger(__name__)

PAUSE = 0.25
"""Seconds between two renderings: a page that changes more often is no easier to read."""
END = b"event: end\ndata: over\n\n"

Render = Callable[[], tuple[str, bool]]
"""The fragment as it is now, and whether it will not change any more."""


@dataclass
class Fragments:
    """Tells what `render` returns whenever the job has moved, and the event `end` when it has ended, or is deleted.

    The answer has begun: an error would break it off. What cannot be rendered now comes with the next heartbeat.
    """

    render: Render
    is_due: bool = False

    async def __call__(self, batch: Sequence[Message]) -> bytes:
        """What is sent for some messages."""
        self.is_due = self.is_due or bool(batch)
        return await self._rendered() if self.is_due else HEARTBEAT

    async def _rendered(self) -> bytes:
        await asyncio.sleep(PAUSE)
        try:
            html, ended = await in_stream_thread(self.render)
        except TryLater as error:
            log.warning("the page of a job waits: %s", error)
            return HEARTBEAT
        except NotFound:
            return END
        self.is_due = False
        return unnamed(html) + (END if ended else b"")


def unnamed(html: str) -> bytes:
    """An event without a name, which htmx puts into the page.

    >>> unnamed("<p>1</p>").decode().splitlines()
    ['data: <p>1</p>', '']
    """
    return "".join(f"data: {line}\n" for line in html.splitlines()).encode() + b"\n"
