"""The body of a request that brings a file, piece by piece while it arrives."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request

from tolva.errors import InvalidInput, TooLarge
from tolva.web.middleware.bodies import lift_limits

STRETCH = 512 * 1024
"""Bytes that are gathered in memory before they are written."""
LONGEST_SILENCE = 60.0
"""Seconds between two pieces of a body."""
LONGEST_UPLOAD = 4 * 3600.0
"""Seconds from the first byte of a body to the last."""

# Fewer than the threads and the database connections of the process: while many upload, other calls find some.
UPLOAD_THREADS = CapacityLimiter(4)

Result = TypeVar("Result")


async def in_upload_thread(work: Callable[[], Result]) -> Result:
    """Run what waits for the disk or the database on behalf of an upload."""
    return await to_thread.run_sync(work, limiter=UPLOAD_THREADS)


@asynccontextmanager
async def in_time(late: str, broken: str) -> AsyncGenerator[None]:
    """Around whatever reads a body. Raises InvalidInput, which says either, when that does not come to its end."""
    try:
        async with asyncio.timeout(LONGEST_UPLOAD):
            yield
    except TimeoutError:
        raise InvalidInput(late) from None
    except ClientDisconnect:
        raise InvalidInput(broken) from None


async def stretches(request: Request, most: int) -> AsyncIterator[list[bytes]]:
    """A body of at most `most` bytes, several pieces at once: each stretch is a trip to another thread.

    Raises TooLarge; what `in_time` explains is raised when all that came was given.
    """
    lift_limits(request.scope)
    held: list[bytes] = []
    size = 0
    try:
        async for piece in _pieces(request, most):
            held.append(piece)
            size += len(piece)
            if size >= STRETCH:
                yield held
                held, size = [], 0
    except (TimeoutError, ClientDisconnect):
        if held:
            yield held
        raise
    yield held


async def _pieces(request: Request, most: int) -> AsyncIterator[bytes]:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most:
        raise _too_large(most)
    received = 0
    async with asyncio.timeout(LONGEST_SILENCE) as silence:
        async for piece in request.stream():
            received += len(piece)
            if received > most:
                raise _too_large(most)
            silence.reschedule(None)  # what we do with it is not the sender's silence
            if piece:
                yield piece
            silence.reschedule(asyncio.get_running_loop().time() + LONGEST_SILENCE)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"La petición supera el límite de {most // 1024**2} MB (TOLVA_UPLOAD_MAX_MB).")
