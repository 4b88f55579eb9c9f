"""Files out of a multipart form, handed on piece by piece while they arrive."""

from functools import partial
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from tolva.errors import InvalidInput
from tolva.web.arriving import in_time, in_upload_thread, stretches
from tolva.web.form_parts import MOST_AROUND, FormParts, Sink

LATE = "The upload took too long or fell silent; nothing was kept. Send it again."
BROKEN = "The upload broke off before its end; nothing was kept. Send it again."


def file_form(sample: str) -> dict[str, Any]:
    """OpenAPI's description of a body with one file, which is read piece by piece and so not by FastAPI."""
    file = {"type": "string", "format": "binary"}
    form = {"type": "object", "required": ["file"], "properties": {"file": file}, "example": {"file": sample}}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}}}


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
    parser = MultipartParser(_boundary(request), parts.callbacks())
    try:
        async with in_time(LATE, BROKEN):
            async for stretch in stretches(request, most):
                await in_upload_thread(partial(_feed, parser, stretch))
    except FormParserError as error:
        raise InvalidInput(f"The body is not a valid multipart form: {error}") from None
    if not parts.complete:
        raise InvalidInput(BROKEN)


def _feed(parser: MultipartParser, stretch: list[bytes]) -> None:
    for piece in stretch:
        parser.write(piece)


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise InvalidInput("Send the file as multipart/form-data.")
    return options[b"boundary"]
