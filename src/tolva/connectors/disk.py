"""The disk under the stored files: its errors in our words, and what a power cut may not take away."""

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tolva.errors import StorageUnavailable


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


def sync_folder(folder: Path) -> None:
    """Make what was made or renamed in a folder stay there."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
