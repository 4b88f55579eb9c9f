"""Stored files, in a local folder. A file is there whole or not at all."""

import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import uuid_utils

from tolva.connectors.blob_writer import BlobWriter
from tolva.connectors.disk import explained
from tolva.errors import NotFound, StorageUnavailable

ABANDONED = 86_400.0
"""Seconds after which an unfinished upload is taken for the leftover of a crash."""


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
