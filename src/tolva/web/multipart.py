"""Files out of a multipart form, handed on piece by piece while they arrive."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from tolva.errors import InvalidInput, TooLarge
from tolva.web.form_parts import MOST_AROUND, FormParts, Sink
from tolva.web.middleware.bodies import lift_limits

STRETCH = 512 * 1024
"""Bytes that are gathered in memory before they are written."""
LONGEST_SILENCE = 60.0
"""Seconds between two pieces of a body."""
LONGEST_UPLOAD = 4 * 3600.0
"""Seconds from the first byte of a body to the last."""

# Fewer than the threads and the database connections of the process: while many upload, other calls find some.
UPLOAD_THREADS = CapacityLimiter(4)


def file_form(sample: str) -> dict[str, Any]:
    """OpenAPI's description of a body with one file, which is read piece by piece and so not by FastAPI."""
    file = {"type": "string", "format": "binary"}
    form = {"type": "object", "required": ["file"], "properties": {"file": file}, "example": {"file": sample}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}}}


Result = TypeVar("Result")


async def in_upload_thread(work: Callable[[], Result]) -> Result:
    """Run what waits for the disk or the database on behalf of an upload."""
    return await to_thread.run_sync(work, limiter=UPLOAD_THREADS)


async def receive_file(request: Request, name: str, sink: Sink, most: int) -> None:
    """Feed the file of the form field `name`, of at most `most` bytes, to `sink`; other parts are skipped.

    Raises InvalidInput when the body is no multipart form, breaks off, falls silent, or lacks the field; TooLarge;
    and what `sink` raises.
    """
    parts = FormParts(name.encode(), sink)
    await _receive(request, parts, most + MOST_AROUND)
    if not parts.seen:
        raise InvalidInput(f"Send the file as the form field '{name}' (multipart/form-data).")


async def receive_form(request: Request, name: str, sink: Sink, most: int) -> dict[str, str]:
    """The same for a form with any number of files, of at most `most` bytes together. Returns its other fields.

    Raises what `receive_file` does, but for the file that is missing.
    """
    parts = FormParts(name.encode(), sink, several=True)
    await _receive(request, parts, most + MOST_AROUND)
    return {name.decode("utf-8", "replace"): bytes(value).decode("utf-8", "replace") for name, value in parts.fields}


async def _receive(request: Request, parts: FormParts, most: int) -> None:
    lift_limits(request.scope)
    parser = MultipartParser(_boundary(request), parts.callbacks())
    try:
        async with asyncio.timeout(LONGEST_UPLOAD):
            async for stretch in _stretches(_pieces(request, most)):
                await in_upload_thread(partial(_feed, parser, stretch))
    except TimeoutError:
        raise InvalidInput("The upload took too long or fell silent; nothing was kept. Send it again.") from None
    except FormParserError as error:
        raise InvalidInput(f"The body is not a valid multipart form: {error}") from None
    except ClientDisconnect:
        raise InvalidInput("The upload broke off before its end; nothing was kept. Send it again.") from None
    if not parts.complete:
        raise InvalidInput("The upload broke off before its end; nothing was kept. Send it again.")


def _feed(parser: MultipartParser, stretch: list[bytes]) -> None:
    for piece in stretch:
        parser.write(piece)


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
            yield piece
            silence.reschedule(asyncio.get_running_loop().time() + LONGEST_SILENCE)


async def _stretches(pieces: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """Several pieces at once: each stretch is a trip to another thread."""
    held: list[bytes] = []
    size = 0
    async for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= STRETCH:
            yield held
            held, size = [], 0
    yield held


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"La petición supera el límite de {most // 1024**2} MB (TOLVA_UPLOAD_MAX_MB).")


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise InvalidInput("Send the file as multipart/form-data.")
    return options[b"boundary"]
