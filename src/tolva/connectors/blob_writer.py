"""A file on its way into the store."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from blake3 import blake3

from tolva.connectors.disk import explained, sync_folder
from tolva.errors import TooLarge

SYNC_EVERY = 16 * 1024**2
"""Bytes after which what was received is put on the disk."""


@dataclass(frozen=True)
class Blob:
    """A stored file. `key` finds it again; `size` in bytes; `blake3` in hex."""

    key: str
    size: int
    blake3: str


class BlobWriter:
    """A file that is being received. Nothing of it is visible before `keep`; without it, nothing stays."""

    def __init__(self, part: IO[bytes], home: Path, most: int) -> None:
        self._part = part
        self._home = home
        self._most = most
        self._hash = blake3()
        self._size = 0
        self._synced = 0

    def write(self, data: bytes) -> None:
        """Append. Raises TooLarge over the limit, StorageUnavailable when the disk does not take it."""
        self._size += len(data)
        if self._size > self._most:
            raise TooLarge(f"El archivo supera el límite de {self._most // 1024**2} MB (TOLVA_UPLOAD_MAX_MB).")
        self._hash.update(data)
        with explained():
            self._part.write(data)
            if self._size - self._synced >= SYNC_EVERY:
                # So that little is left to do in `keep`, whose caller waits for an answer.
                self._part.flush()
                os.fsync(self._part.fileno())
                self._synced = self._size

    @property
    def path(self) -> Path:
        """Where the bytes lie for now, for a look at what was received."""
        self._part.flush()
        return Path(self._part.name)

    @property
    def blake3(self) -> str:
        """Of what was received so far, in hex."""
        return self._hash.hexdigest()

    def keep(self) -> Blob:
        """Make it a stored file that a power cut cannot take away. Raises StorageUnavailable."""
        part = self.path
        with explained():
            os.fsync(self._part.fileno())
            target = self._home / part.name[-2:] / part.name
            if not target.parent.exists():
                target.parent.mkdir(exist_ok=True)
                sync_folder(self._home)
            part.rename(target)
            sync_folder(target.parent)
        return Blob(part.name, self._size, self.blake3)

    def discard(self, blob: Blob) -> None:
        """Take back a `keep` that nobody came to know of."""
        with explained():
            (self._home / blob.key[-2:] / blob.key).unlink(missing_ok=True)
