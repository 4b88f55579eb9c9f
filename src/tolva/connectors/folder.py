"""Stored files in a folder of this machine, or in one that several mount."""

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tolva.connectors.blobs import Blob, place_of
from tolva.connectors.disk import explained, sync_folder
from tolva.connectors.received import Incoming, Received
from tolva.errors import NotFound, StorageUnavailable

SYNC_EVERY = 16 * 1024**2
"""Bytes after which what was received is put on the disk."""
PIECE = 1024**2
"""Bytes that are read at once."""


class FolderBlobs:
    """The stored files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = Incoming(folder / "incoming")

    def prepare(self) -> None:
        """Make the folder when it is absent: for whoever receives files.

        Whoever only reads makes none: where it should be, a disk may not be mounted yet.
        """
        self._incoming.make()

    def answers(self) -> None:
        """Raises StorageUnavailable unless the folder is there."""
        if not self._incoming.folder.is_dir():
            raise StorageUnavailable(
                f"{self._folder} holds no stored files. Mount the disk that does, or name its folder with "
                "TOLVA_DATA_DIR; the work goes on by itself."
            )

    @contextmanager
    def receive(self, most: int) -> Generator["FolderWriter"]:
        """A writer for at most `most` bytes."""
        with self._incoming.receive(most) as received:
            yield FolderWriter(received, self._folder)

    def scratch(self) -> AbstractContextManager[Path]:
        """An empty folder for intermediate files."""
        return self._incoming.scratch()

    def local(self, blob: Blob, scratch: Path) -> Path:
        """Where a stored file lies. Raises NotFound, or StorageUnavailable when no file is there at all."""
        path = self._folder / place_of(blob.key)
        if not path.is_file():
            self.answers()
            raise NotFound(
                f"The stored file {blob.key} is gone: it outlived TOLVA_RETENTION_DAYS, or the folder was changed."
            )
        return path

    def read(self, blob: Blob, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, in pieces. Raises NotFound before the first."""
        return _pieces(self.local(blob, self._folder), start, end)

    def link(self, blob: Blob, disposition: str) -> None:
        """None: nobody but this machine gives these files out."""

    def delete(self, key: str) -> None:
        """Remove a stored file; one that is gone already is fine."""
        _delete(self._folder, key)

    def sweep(self) -> None:
        """Remove what crashes left half received or half read."""
        self._incoming.sweep()


class FolderWriter:
    """A file that is being received, to be moved into the folder."""

    def __init__(self, received: Received, folder: Path) -> None:
        self._received = received
        self._folder = folder
        self._synced = 0

    def write(self, data: bytes) -> None:
        """Append. Raises TooLarge over the limit, StorageUnavailable when the disk does not take it."""
        self._received.write(data)
        if self._received.size - self._synced >= SYNC_EVERY:
            # So that little is left to do in `keep`, whose caller waits for an answer.
            self._received.sync()
            self._synced = self._received.size

    @property
    def key(self) -> str:
        """What it is to be called in the store."""
        return self._received.key

    @property
    def path(self) -> Path:
        """Where the bytes lie for now, for a look at what was received."""
        return self._received.path

    @property
    def blake3(self) -> str:
        """Of what was received so far, in hex."""
        return self._received.blake3

    def keep(self) -> Blob:
        """Make it a stored file that a power cut cannot take away. Raises StorageUnavailable."""
        self._received.sync()
        target = self._folder / place_of(self._received.key)
        with explained():
            if not target.parent.exists():
                target.parent.mkdir(exist_ok=True)
                sync_folder(self._folder)
            self._received.path.rename(target)
            sync_folder(target.parent)
        return Blob(self._received.key, self._received.size, self.blake3)

    def discard(self, blob: Blob) -> None:
        """Take back a `keep` that nobody came to know of."""
        _delete(self._folder, blob.key)


def _delete(folder: Path, key: str) -> None:
    with explained():
        (folder / place_of(key)).unlink(missing_ok=True)


def _pieces(path: Path, start: int, end: int) -> Iterator[bytes]:
    with explained(), path.open("rb") as file:
        file.seek(start)
        while start < end and (piece := file.read(min(PIECE, end - start))):
            start += len(piece)
            yield piece
