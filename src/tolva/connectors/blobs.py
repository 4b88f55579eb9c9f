"""Stored files: the port. A file is there whole or not at all, wherever it lies."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import uuid_utils


@dataclass(frozen=True)
class Blob:
    """A stored file. `key` finds it again; `size` in bytes; `blake3` in hex."""

    key: str
    size: int
    blake3: str


class BlobWriter(Protocol):
    """A file that is being received. Nothing of it is visible before `keep`; without it, nothing stays."""

    def write(self, data: bytes) -> None:
        """Append. Raises TooLarge over the limit, StorageUnavailable when the store does not take it."""
        ...

    @property
    def key(self) -> str:
        """What it is to be called in the store, a UUIDv7."""
        ...

    @property
    def path(self) -> Path:
        """Where the bytes lie for now, for a look at what was received."""
        ...

    @property
    def blake3(self) -> str:
        """Of what was received so far, in hex."""
        ...

    def keep(self) -> Blob:
        """Make it a stored file that a power cut cannot take away. Raises StorageUnavailable."""
        ...

    def discard(self, blob: Blob) -> None:
        """Take back a `keep` that nobody came to know of."""
        ...


class Blobs(Protocol):
    """A store of files. All its verbs raise StorageUnavailable, whose message names the setting to look at."""

    def prepare(self) -> None:
        """Make the store when it is absent: for whoever receives files."""
        ...

    def answers(self) -> None:
        """Raises StorageUnavailable unless files could be read now."""
        ...

    def receive(self, most: int) -> AbstractContextManager[BlobWriter]:
        """A writer for at most `most` bytes."""
        ...

    def scratch(self) -> AbstractContextManager[Path]:
        """An empty folder for intermediate files, gone afterwards. What fails in writing them is StorageUnavailable."""
        ...

    def local(self, blob: Blob, scratch: Path) -> Path:
        """Where a stored file can be read as long as `scratch`, a folder of this store, is there. Raises NotFound."""
        ...

    def read(self, blob: Blob, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` up to, not including, `end`, in pieces. Raises NotFound before the first."""
        ...

    def link(self, blob: Blob, disposition: str) -> str | None:
        """An address that gives the file to whoever has it, for LINK_SECONDS; None where the store has none to give.

        `disposition` is the Content-Disposition of the answer.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove a stored file; one that is gone already is fine."""
        ...

    def sweep(self) -> None:
        """Remove what crashes left half received or half read."""
        ...


LINK_SECONDS = 300
"""How long an address of a stored file holds."""
ABANDONED = 86_400.0
"""Seconds after which an unfinished upload is taken for the leftover of a crash."""


def place_of(key: str) -> str:
    """Where a file lies below the folder, or in the bucket: alike in both, so that either can be copied to the other.

    Raises ValueError for what is no key, and so could lead elsewhere.

    >>> place_of("01a20181-4971-727b-a087-d5bc29d55f10")
    '10/01a20181-4971-727b-a087-d5bc29d55f10'
    """
    name = str(uuid_utils.UUID(key))
    return f"{name[-2:]}/{name}"


def is_place(place: str) -> bool:
    """Whether a file that lies there is one of ours.

    >>> is_place("10/01a20181-4971-727b-a087-d5bc29d55f10"), is_place("10/notes.txt"), is_place("reports/2026")
    (True, False, False)
    """
    try:
        return place == place_of(place.rpartition("/")[2])
    except ValueError:
        return False
