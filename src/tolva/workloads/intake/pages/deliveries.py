"""The files of one form, received one after another."""

from contextlib import ExitStack
from dataclasses import dataclass

from tolva.connectors.blobs import Blobs, BlobWriter
from tolva.errors import CallerError, InvalidInput
from tolva.workloads.intake.reception import Reception

MOST_FILES = 20


@dataclass
class Delivery:
    """One file: received whole, or refused with a `fault` for its sender."""

    filename: str
    writer: BlobWriter
    reception: Reception
    fault: str | None = None


class Deliveries:
    """The sink of `receive_form`. One file that is refused does not stop the others."""

    def __init__(self, blobs: Blobs, most: int, held: ExitStack) -> None:
        """`held` keeps what is received for as long as it is open; `most` are bytes of a file."""
        self._blobs, self._most, self._held = blobs, most, held
        self._now: Delivery | None = None
        self.all: list[Delivery] = []

    def begin(self, filename: str) -> None:
        """The next file; without a name it is the input of a form in which none was chosen."""
        self._now = None
        if not filename:
            return
        if len(self.all) == MOST_FILES:
            raise InvalidInput(f"A form takes {MOST_FILES} files at once; send the others in a second one.")
        writer = self._held.enter_context(self._blobs.receive(self._most))
        self._now = Delivery(filename, writer, Reception(writer))
        self._now.reception.begin(filename)
        self.all.append(self._now)

    def write(self, data: bytes) -> None:
        """Its next bytes."""
        if self._now is None or self._now.fault:
            return
        try:
            self._now.reception.write(data)
        except CallerError as error:
            self._now.fault = str(error)
