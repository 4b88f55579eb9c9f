"""A job's live stream for its page: the part that moves, rendered anew, as htmx takes it."""

import asyncio
from collections.abc import Callable, Sequence

from tolva.web.live.message import Message
from tolva.web.live.sse import HEARTBEAT, Tell
from tolva.web.live.stream import in_stream_thread

PAUSE = 0.25
"""Seconds between two renderings: a page that changes more often is no easier to read."""
END = b"event: end\ndata: over\n\n"

Render = Callable[[], tuple[str, bool]]
"""The fragment as it is now, and whether it will not change any more."""


def fragments(render: Render) -> Tell:
    """Tells what `render` returns whenever the job has moved, and the event `end` when it has ended."""

    async def tell(batch: Sequence[Message]) -> bytes:
        if not batch:
            return HEARTBEAT
        await asyncio.sleep(PAUSE)
        html, ended = await in_stream_thread(render)
        return unnamed(html) + (END if ended else b"")

    return tell


def unnamed(html: str) -> bytes:
    """An event without a name, which htmx puts into the page.

    >>> unnamed("<p>1</p>").decode().splitlines()
    ['data: <p>1</p>', '']
    """
    return "".join(f"data: {line}\n" for line in html.splitlines()).encode() + b"\n"
