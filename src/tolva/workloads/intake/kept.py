"""A received file that is kept while its upload is noted: it stays if that was committed, or may have been."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from tolva.connectors.blobs import Blob, BlobWriter


@dataclass
class Keeping:
    """A kept file. `committing` is set when all but the commit is done."""

    blob: Blob
    committing: bool = False


@contextmanager
def kept(received: BlobWriter) -> Generator[Keeping]:
    """Keep a file, and take that back when the block fails before it commits. Raises StorageUnavailable."""
    keeping = Keeping(received.keep())
    try:
        yield keeping
    except BaseException:
        if not keeping.committing:  # else nobody can tell whether it counts, and the file stays
            received.discard(keeping.blob)
        raise
