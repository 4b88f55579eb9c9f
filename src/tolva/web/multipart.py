"""Files out of a multipart form, handed on piece by piece while they arrive."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from anyio import CapacityLimiter, to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from tolva.errors import InvalidInput, TooLarge
from tolva.web.bodies import lift_limits

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MOST_HEAD = 16 * 1024
"""Bytes of the headers of one part."""
MOST_AROUND = 64 * 1024
"""Bytes of a form besides its file."""
MOST_FIELDS = 200
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


class Sink(Protocol):
    """Takes the file, or one after another. Either may raise, which ends the upload."""

    def begin(self, filename: str) -> None:
        """The name that the client gave, before the first byte."""
        ...

    def write(self, data: bytes) -> None:
        """The next bytes."""
        ...


Result = TypeVar("Result")


async def in_upload_thread(work: Callable[[], Result]) -> Result:
    """Run what waits for the disk or the database on behalf of an upload."""
    return await to_thread.run_sync(work, limiter=UPLOAD_THREADS)


async def receive_file(request: Request, name: str, sink: Sink, most: int) -> None:
    """Feed the file of the form field `name`, of at most `most` bytes, to `sink`; other parts are skipped.

    Raises InvalidInput when the body is no multipart form, breaks off, falls silent, or lacks the field; TooLarge;
    and what `sink` raises.
    """
    parts = _Parts(name.encode(), sink)
    await _receive(request, parts, most + MOST_AROUND)
    if not parts.seen:
        raise InvalidInput(f"Send the file as the form field '{name}' (multipart/form-data).")


async def receive_form(request: Request, name: str, sink: Sink, most: int) -> dict[str, str]:
    """The same for a form with any number of files, of at most `most` bytes together. Returns its other fields.

    Raises what `receive_file` does, but for the file that is missing.
    """
    parts = _Parts(name.encode(), sink, several=True)
    await _receive(request, parts, most + MOST_AROUND)
    return {name.decode("utf-8", "replace"): bytes(value).decode("utf-8", "replace") for name, value in parts.fields}


async def _receive(request: Request, parts: "_Parts", most: int) -> None:
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


@dataclass
class _Parts:
    """Turns the parser's events into calls of the sink."""

    wanted: bytes
    sink: Sink
    several: bool = False
    """Whether the form is read whole: any number of files, and its other fields."""
    fields: list[tuple[bytes, bytearray]] = field(default_factory=list[tuple[bytes, bytearray]])
    seen: bool = False
    complete: bool = False
    _inside: bool = False
    _in_field: bool = False
    _around: int = 0
    _field: bytes = b""
    _value: bytes = b""
    _headers: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    _head_size: int = 0

    def callbacks(self) -> "MultipartCallbacks":
        """The events that matter here."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_field,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_end": self._on_end,
        }

    def _begin(self) -> None:
        self._headers, self._inside, self._in_field, self._head_size = {}, False, False, 0

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += self._bounded(data[start:end])

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += self._bounded(data[start:end])

    def _bounded(self, piece: bytes) -> bytes:
        self._head_size += len(piece)
        if self._head_size > MOST_HEAD:
            raise InvalidInput(f"A part of the form has more than {MOST_HEAD // 1024} kB of headers.")
        return piece

    def _on_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if options.get(b"name") != self.wanted:
            if self.several and b"filename" not in options:
                self._begin_field(options.get(b"name", b""))
            return
        if self.seen and not self.several:
            raise InvalidInput("Send one file at a time.")
        if b"filename" not in options:
            raise InvalidInput(f"The form field '{self.wanted.decode()}' must be a file with a name.")
        self.seen = self._inside = True
        self.sink.begin(options[b"filename"].decode("utf-8", "replace"))

    def _begin_field(self, name: bytes) -> None:
        if len(self.fields) == MOST_FIELDS:
            raise InvalidInput(f"The form has more than {MOST_FIELDS} fields.")
        self.fields.append((name, bytearray()))
        self._in_field = True

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self.sink.write(data[start:end])
        elif self._in_field:
            self._around += end - start
            if self._around > MOST_AROUND:
                raise InvalidInput(f"The form has more than {MOST_AROUND // 1024} kB besides its files.")
            self.fields[-1][1].extend(data[start:end])

    def _on_end(self) -> None:
        self.complete = True
