"""What kind of file this is. Content decides; the name must agree with it."""

import zipfile
from collections.abc import Collection
from pathlib import Path, PurePath
from typing import Literal

from tolva.errors import TooLarge, UnreadableFile, UnsupportedFile
from tolva.tables.reading.damage import damage_means
from tolva.tables.reading.zipped import only_entry

FileKind = Literal["csv", "xlsx", "xls", "ods", "json", "ndjson", "gzip", "zip"]

EXTENSIONS: dict[str, FileKind] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xls",
    ".ods": "ods",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".gz": "gzip",
    ".zip": "zip",
}
"""Every file that can be read, by the end of its name."""

GUESSED = (".xlsx", ".xls", ".gz", ".csv", ".ndjson")
"""Kinds that a file without a telling name may be, the first that fits."""

HEAD = 8 * 1024
"""Bytes that `sniff` wants to see; fewer only when the file ends."""

MAX_UNPACKED = 2 * 1024**3
MAX_RATIO = 200
RATIO_MATTERS = 200 * 1024**2
"""A small workbook of blanks packs better than 200 to 1 and harms nobody."""

ZIP = b"PK\x03\x04"
GZIP = b"\x1f\x8b"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MANIFEST = "META-INF/manifest.xml"
"""The part of an ODS that tells whether it is encrypted."""
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
BINARY = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"Rar!",
    b"7z\xbc\xaf",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
    b"\x7fELF",
    b"MZ\x90",
)
MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<table", b"{\\rtf", b'{"', b'[{"')
CONTROL = bytes(code for code in range(32) if code not in b"\t\n\r\f\x1f\x01") + b"\x7f"

PLAIN = tuple(end for end, kind in EXTENSIONS.items() if kind not in ("gzip", "zip"))
"""Files that can be in a packed one, by the end of their names."""

WORKBOOKS = ("xlsx", "ods", "zip")
"""Kinds that are zip archives."""
LOCKED = "El archivo está protegido con contraseña; quite la contraseña y vuelva a subirlo."


def sniff(head: bytes, filename: str, accepted: Collection[str] = EXTENSIONS) -> FileKind:
    """The kind of a file from its first bytes (8 KB, or all there are) and its name.

    Raises UnsupportedFile when the name is not one of the `accepted` ends or the content is of another kind,
    UnreadableFile when it is empty or encrypted.

    >>> sniff(b"codigo,nombre", "Productos.CSV")
    'csv'
    """
    extension = PurePath(filename).suffix.lower()
    if extension not in accepted:
        raise UnsupportedFile(f'El archivo "{filename}" no es de un tipo aceptado. {_only(accepted)}')
    if not head.removeprefix(b"\xef\xbb\xbf").strip():
        raise UnreadableFile("El archivo está vacío.")
    named = EXTENSIONS[extension]
    if not _agrees(head, named):
        raise UnsupportedFile(f"El archivo se llama {extension}, pero su contenido no lo es. {_only(accepted)}")
    return named


def guess(head: bytes, filename: str) -> FileKind:
    """As `sniff`, but where the name tells nothing, the content alone decides. Raises what `sniff` raises.

    >>> guess(b"codigo,nombre", "export.dat")
    'csv'
    """
    if PurePath(filename).suffix.lower() in EXTENSIONS:
        return sniff(head, filename)
    found = next((end for end in GUESSED if _agrees(head, EXTENSIONS[end])), None)
    if found is None:
        raise UnsupportedFile(f'El archivo "{filename}" no es de un tipo que se lea. {_only(EXTENSIONS)}')
    return sniff(head, f"{filename}{found}")


def verify(path: Path, kind: FileKind) -> None:
    """A closer look at a stored file, before anybody reads it whole.

    Raises UnreadableFile when it is damaged or encrypted, UnsupportedFile for another kind of zip, TooLarge for a zip
    bomb.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not _agrees(head, kind):
        raise UnsupportedFile("El contenido del archivo no es lo que dice su nombre.")
    if kind in WORKBOOKS:
        _verify_archive(path, kind)


def _only(accepted: Collection[str]) -> str:
    names = list(accepted)
    return f"Solo se aceptan archivos {', '.join(names[:-1])} y {names[-1]}." if names[1:] else f"Solo {names[0]}."


def _agrees(head: bytes, kind: FileKind) -> bool:
    """Whether the content can be of this kind. Raises UnreadableFile for an encrypted workbook."""
    if head.startswith(OLE):
        if ENCRYPTED in head:
            raise UnreadableFile(LOCKED)
        return kind == "xls"
    if head.startswith(ZIP):
        return kind in WORKBOOKS
    if head.startswith(GZIP):
        return kind == "gzip"
    return kind in ("csv", "json", "ndjson") and _is_text(head, kind)


def _is_text(head: bytes, kind: FileKind) -> bool:
    if head.startswith(WIDE_MARKS) or _half_zeros(head):
        return True
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:16].lower()
    controls = len(head) - len(head.translate(None, CONTROL))
    if head.startswith(BINARY) or controls * 20 > len(head) + 100:
        return False
    return start.startswith((b"{", b"[")) if kind != "csv" else not start.startswith(MARKUP)


def _half_zeros(head: bytes) -> bool:
    """UTF-16 without a mark."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    return max(even, odd) > 0.3 * len(head) and min(even, odd) < 0.05 * len(head)


def _verify_archive(path: Path, kind: FileKind) -> None:
    with (
        damage_means("El archivo está dañado o incompleto; vuelva a guardarlo y subirlo."),
        zipfile.ZipFile(path) as zipped,
    ):
        entries = zipped.infolist()
        if kind == "zip":
            only_entry(zipped)
        if kind == "ods" and MANIFEST not in zipped.namelist():
            raise UnsupportedFile("El archivo es un zip, pero no una hoja .ods.")
        kept = zipped.read(MANIFEST) if kind == "ods" else b""
    if kind == "xlsx" and not any(entry.filename.lower() == "xl/workbook.xml" for entry in entries):
        raise UnsupportedFile("El archivo es un zip, pero no un libro .xlsx.")
    if b"encryption-data" in kept or any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableFile(LOCKED)
    check_unpacked(sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries))


def check_unpacked(unpacked: int, packed: int) -> None:
    """Raises TooLarge for what unpacks to more than fits, or to a size that no honest file has. Both in bytes."""
    if unpacked > MAX_UNPACKED:
        most = MAX_UNPACKED // 1024**3
        raise TooLarge(f"El archivo ocupa más de {most} GB al descomprimirse, el máximo que se acepta; divídalo.")
    if unpacked > RATIO_MATTERS and unpacked > MAX_RATIO * packed:
        times, from_mb = unpacked // max(packed, 1), RATIO_MATTERS // 1024**2
        raise TooLarge(
            f"El archivo ocupa {unpacked // 1024**2} MB o más al descomprimirse, {times} veces lo que comprimido;"
            f" a partir de {from_mb} MB se aceptan {MAX_RATIO} veces. Divídalo, o envíelo como CSV sin comprimir."
        )
