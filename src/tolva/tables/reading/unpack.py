"""The one file inside of a gzip or a zip."""

import gzip
import zipfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path, PurePath
from typing import IO

from tolva.tables.reading.damage import damage_means
from tolva.tables.reading.sniff import EXTENSIONS, HEAD, PLAIN, FileKind, check_unpacked, sniff, verify
from tolva.tables.reading.watch import Watch
from tolva.tables.reading.zipped import only_entry

PIECE = 1024 * 1024
LOOK = 64 * 1024
"""Packed bytes of a gzip that are looked at before it is unpacked: any number of them may hold nothing."""
DAMAGED = "El archivo comprimido está dañado o incompleto; vuelva a comprimirlo y subirlo."


def verify_stored(path: Path, kind: FileKind, name: str) -> None:
    """As `verify`, and with a look at the first bytes of what is packed; `name` is that of the file.

    Raises what `verify` raises, UnsupportedFile also when what is packed cannot be read. What the start of a gzip does
    not tell, `unpack` will.
    """
    verify(path, kind)
    if kind == "gzip" and path.stat().st_size > LOOK:
        with path.open("rb") as file:
            start = BytesIO(file.read(LOOK))
        with damage_means(DAMAGED), suppress(EOFError, gzip.BadGzipFile), _packed(start, kind, name) as (packed, found):
            head = packed.read(HEAD)
            if len(head) == HEAD:
                sniff(head, found, PLAIN)
    elif kind in ("gzip", "zip"):
        with damage_means(DAMAGED), _packed(path, kind, name) as (packed, found):
            sniff(packed.read(HEAD), found, PLAIN)


def unpack(path: Path, kind: FileKind, name: str, scratch: Path, watch: Watch) -> tuple[Path, FileKind]:
    """Unpacks into `scratch`, and tells of what kind the file inside is; `name` is that of the packed file.

    Raises UnreadableFile when it is damaged or encrypted, UnsupportedFile when it does not hold exactly one file that
    can be read, TooLarge.
    """
    inside = scratch / "unpacked"
    with damage_means(DAMAGED), _packed(path, kind, name) as (packed, found):
        _copy(packed, inside, path.stat().st_size, watch)
    with inside.open("rb") as file:
        found_kind = sniff(file.read(HEAD), found, PLAIN)
    verify(inside, found_kind)
    return inside, found_kind


@contextmanager
def _packed(file: Path | BytesIO, kind: FileKind, name: str) -> Generator[tuple[IO[bytes] | gzip.GzipFile, str]]:
    """The file inside, and its name."""
    if kind == "gzip":
        named = PurePath(name).stem
        with gzip.open(file) as packed:
            yield packed, named if PurePath(named).suffix.lower() in EXTENSIONS else f"{named}.csv"
        return
    with zipfile.ZipFile(file) as archive:
        entry = only_entry(archive)
        with archive.open(entry) as packed:
            yield packed, entry.filename


def _copy(packed: IO[bytes] | gzip.GzipFile, inside: Path, size: int, watch: Watch) -> None:
    with inside.open("wb") as out:
        while piece := packed.read(PIECE):
            watch()
            out.write(piece)
            check_unpacked(out.tell(), size)
