"""What the standard library raises when an archive is damaged."""

import errno
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Generator
from contextlib import contextmanager

from tolva.errors import UnreadableFile

DAMAGE = (
    zipfile.BadZipFile,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    RuntimeError,  # an encrypted member, an unknown method of packing
)


@contextmanager
def damage_means(message: str) -> Generator[None]:
    """Turns it into UnreadableFile. A full disk or a failing one is not the file's fault, and stays an OSError."""
    try:
        yield
    except DAMAGE as error:
        raise UnreadableFile(message) from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # bzip2's own word; a jump to a place that no file has
            raise
        raise UnreadableFile(message) from error
