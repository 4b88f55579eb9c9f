"""Stored files, in a local folder. A file is there whole or not at all."""

import errno
import os
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import uuid_utils
from blake3 import blake3

from tolva.errors import NotFound, StorageUnavailable, TooLarge

SYNC_EVERY = 16 * 1024**2
"""Bytes after which what was received is put on the disk."""
ABANDONED = 86_400.0
"""Seconds after which an unfinished upload is taken for the leftover of a crash."""


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
                _sync_folder(self._home)
            part.rename(target)
            _sync_folder(target.parent)
        return Blob(part.name, self._size, self.blake3)

    def discard(self, blob: Blob) -> None:
        """Take back a `keep` that nobody came to know of."""
        with explained():
            (self._home / blob.key[-2:] / blob.key).unlink(missing_ok=True)


class Blobs:
    """The stored files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"

    def prepare(self) -> None:
        """Make the folder when it is absent: for whoever receives files. Raises StorageUnavailable.

        Whoever only reads makes none: where it should be, a disk may not be mounted yet.
        """
        with explained():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._incoming.mkdir(exist_ok=True)

    @contextmanager
    def receive(self, most: int) -> Generator[BlobWriter]:
        """A writer for at most `most` bytes."""
        with explained():
            part = (self._incoming / str(uuid_utils.uuid7())).open("xb")
        try:
            yield BlobWriter(part, self._folder, most)
        finally:
            _close(part)
            Path(part.name).unlink(missing_ok=True)

    @contextmanager
    def scratch(self) -> Generator[Path]:
        """An empty folder for intermediate files, gone afterwards. What fails in writing them is StorageUnavailable."""
        with explained():
            folder = self._incoming / str(uuid_utils.uuid7())
            folder.mkdir(mode=0o700)
        try:
            with explained():
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def path(self, key: str) -> Path:
        """Where a stored file lies. Raises NotFound, or StorageUnavailable when no file is there at all."""
        path = self._home(key)
        if not path.is_file():
            if not self._incoming.is_dir():
                raise StorageUnavailable(
                    f"{self._folder} holds no stored files. Mount the disk that does, or name its folder with "
                    "TOLVA_DATA_DIR; the work goes on by itself."
                )
            raise NotFound(
                f"The stored file {key} is gone: it outlived TOLVA_RETENTION_DAYS, or the folder was changed."
            )
        return path

    def delete(self, key: str) -> None:
        """Remove a stored file; one that is gone already is fine."""
        with explained():
            self._home(key).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what crashes left half-received or half-read."""
        with explained():
            for part in self._incoming.iterdir() if self._incoming.is_dir() else ():
                with suppress(FileNotFoundError):  # it has just ended
                    if time.time() - part.stat().st_mtime > ABANDONED:
                        shutil.rmtree(part) if part.is_dir() else part.unlink()

    def _home(self, key: str) -> Path:
        # The parsing keeps a foreign key from leading out of the folder.
        name = str(uuid_utils.UUID(key))
        return self._folder / name[-2:] / name


def _close(part: IO[bytes]) -> None:
    """A full disk also fails the last flush; by then the writer has told already."""
    with suppress(OSError):
        part.close()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def explained() -> Generator[None]:
    """Errors of the file system in our words."""
    try:
        yield
    except OSError as error:
        where = error.filename or "the data folder"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageUnavailable(
                "The disk of the data folder is full. Free some space and send it again."
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise StorageUnavailable(
                f"{where} cannot be written. Give its owner the right, or choose another with TOLVA_DATA_DIR."
            ) from error
        raise StorageUnavailable(f"The data folder does not answer: {error}.") from error
