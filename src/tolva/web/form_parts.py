"""The parts of a multipart form, told from the events of its parser while it arrives."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from python_multipart.multipart import parse_options_header

from tolva.errors import InvalidInput

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MOST_HEAD = 16 * 1024
"""Bytes of the headers of one part."""
MOST_AROUND = 64 * 1024
"""Bytes of a form besides its file."""
MOST_FIELDS = 200


class Sink(Protocol):
    """Takes the file, or one after another. Either may raise, which ends the upload."""

    def begin(self, filename: str) -> None:
        """The name that the client gave, before the first byte."""
        ...

    def write(self, data: bytes) -> None:
        """The next bytes."""
        ...


@dataclass
class FormParts:
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
