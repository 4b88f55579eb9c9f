"""The one file inside of a gzip or a zip."""

import gzip
import zipfile
from pathlib import Path, PurePath
from typing import IO

from tolva.tables.reading.damage import damage_means
from tolva.tables.reading.sniff import EXTENSIONS, HEAD, FileKind, check_unpacked, sniff, verify
from tolva.tables.reading.watch import Watch
from tolva.tables.reading.zipped import only_entry

PIECE = 1024 * 1024
DAMAGED = "El archivo comprimido está dañado o incompleto; vuelva a comprimirlo y subirlo."


def unpack(path: Path, kind: FileKind, name: str, scratch: Path, watch: Watch) -> tuple[Path, FileKind]:
    """Unpacks into `scratch`, and tells of what kind the file inside is; `name` is that of the packed file.

    Raises UnreadableFile when it is damaged or encrypted, UnsupportedFile when it does not hold exactly one file that
    can be read, TooLarge.
    """
    inside = scratch / "unpacked"
    with damage_means(DAMAGED):
        found = _unpack_gzip(path, name, inside, watch) if kind == "gzip" else _unpack_zip(path, inside, watch)
    with inside.open("rb") as file:
        found_kind = sniff(file.read(HEAD), found, [end for end, k in EXTENSIONS.items() if k not in ("gzip", "zip")])
    verify(inside, found_kind)
    return inside, found_kind


def _unpack_gzip(path: Path, name: str, inside: Path, watch: Watch) -> str:
    with gzip.open(path) as packed:
        _copy(packed, inside, path.stat().st_size, watch)
    named = PurePath(name).stem
    return named if PurePath(named).suffix.lower() in EXTENSIONS else f"{named}.csv"


def _unpack_zip(path: Path, inside: Path, watch: Watch) -> str:
    with zipfile.ZipFile(path) as archive:
        entry = only_entry(archive)
        with archive.open(entry) as packed:
            _copy(packed, inside, path.stat().st_size, watch)
    return entry.filename


def _copy(packed: IO[bytes] | gzip.GzipFile, inside: Path, size: int, watch: Watch) -> None:
    with inside.open("wb") as out:
        while piece := packed.read(PIECE):
            watch()
            out.write(piece)
            check_unpacked(out.tell(), size)
