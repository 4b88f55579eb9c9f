"""A file on its way into a store: in a folder of this machine, and hashed, while it arrives."""

import os
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import uuid_utils
from blake3 import blake3

from tolva.connectors.blobs import ABANDONED
from tolva.connectors.disk import explained
from tolva.errors import TooLarge


def too_large(most: int) -> TooLarge:
    """What is said of a file of more than `most` bytes."""
    return TooLarge(f"El archivo supera el límite de {most // 1024**2} MB (TOLVA_UPLOAD_MAX_MB).")


class Received:
    """What has come so far, in a file whose name is to be its key."""

    def __init__(self, part: IO[bytes], most: int) -> None:
        self._part = part
        self._most = most
        self._hash = blake3()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Append. Raises TooLarge over the limit, StorageUnavailable when the disk does not take it."""
        self.size += len(data)
        if self.size > self._most:
            raise too_large(self._most)
        self._hash.update(data)
        with explained():
            self._part.write(data)

    @property
    def key(self) -> str:
        """What it is to be called in the store."""
        return Path(self._part.name).name

    @property
    def path(self) -> Path:
        """Where its bytes lie, all that were written. Raises StorageUnavailable."""
        self.flush()
        return Path(self._part.name)

    @property
    def blake3(self) -> str:
        """Of what has come so far, in hex."""
        return self._hash.hexdigest()

    def flush(self) -> None:
        """Let others read what was written. Raises StorageUnavailable."""
        with explained():
            self._part.flush()

    def sync(self) -> None:
        """Put it on the disk. Raises StorageUnavailable."""
        self.flush()
        with explained():
            os.fsync(self._part.fileno())


class Incoming:
    """The folder of what is half received or half read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> None:
        """Make it when it is absent. Raises StorageUnavailable."""
        with explained():
            self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.mkdir(exist_ok=True)

    @contextmanager
    def receive(self, most: int) -> Generator[Received]:
        """A file for at most `most` bytes, gone afterwards unless it was moved."""
        with explained():
            part = (self.folder / str(uuid_utils.uuid7())).open("xb")
        try:
            yield Received(part, most)
        finally:
            with suppress(OSError):  # a full disk also fails the last flush; by then the writer has told already
                part.close()
            Path(part.name).unlink(missing_ok=True)

    @contextmanager
    def scratch(self) -> Generator[Path]:
        """An empty folder for intermediate files, gone afterwards. What fails in writing them is StorageUnavailable."""
        with explained():
            folder = self.folder / str(uuid_utils.uuid7())
            folder.mkdir(mode=0o700)
        try:
            with explained():
                yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what crashes left behind."""
        with explained():
            for part in self.folder.iterdir() if self.folder.is_dir() else ():
                with suppress(FileNotFoundError):  # it has just ended
                    if time.time() - part.stat().st_mtime > ABANDONED:
                        shutil.rmtree(part) if part.is_dir() else part.unlink()
