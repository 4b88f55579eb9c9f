"""A file on its way in: refused at the first bytes that show it to be of the wrong kind."""

from collections.abc import Collection

from tolva.connectors.blobs import BlobWriter
from tolva.tables.reading.sniff import EXTENSIONS, HEAD, FileKind, sniff


class Reception:
    """Passes a file on to a blob, and learns its kind from its first bytes."""

    def __init__(self, writer: BlobWriter, accepted: Collection[str] = EXTENSIONS) -> None:
        self._writer = writer
        self._accepted = accepted
        self._head = b""
        self._kind: FileKind | None = None
        self.filename = ""

    def begin(self, filename: str) -> None:
        """The name that the client gave."""
        self.filename = filename

    def write(self, data: bytes) -> None:
        """The next bytes. Raises UnsupportedFile, UnreadableFile, TooLarge or StorageUnavailable."""
        self._writer.write(data)
        if self._kind is None:
            self._head += data[: HEAD - len(self._head)]
            if len(self._head) >= HEAD:
                self._kind = sniff(self._head, self.filename, self._accepted)

    @property
    def kind(self) -> FileKind:
        """What the file is, once all of it is here. Raises UnsupportedFile or UnreadableFile."""
        return self._kind or sniff(self._head, self.filename, self._accepted)
