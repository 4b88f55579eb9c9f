"""What kind of file this is. Content decides; the name must agree with it."""

import zipfile
from pathlib import Path, PurePath
from typing import Literal

from tolva.errors import TooLarge, UnreadableFile, UnsupportedFile

FileKind = Literal["csv", "xlsx"]

HEAD = 8 * 1024
"""Bytes that `sniff` wants to see; fewer only when the file ends."""

MAX_UNPACKED = 2 * 1024**3
MAX_RATIO = 200
RATIO_MATTERS = 200 * 1024**2
"""A small workbook of blanks packs better than 200 to 1 and harms nobody."""

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
BINARY = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
    b"BZh",
    b"\xfd7zXZ",
    b"\x7fELF",
)
MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<table", b"{\\rtf", b'{"', b'[{"')
CONTROL = bytes(code for code in range(32) if code not in b"\t\n\r\f") + b"\x7f"

NOT_ACCEPTED = "Solo se aceptan archivos .xlsx y .csv."


def sniff(head: bytes, filename: str) -> FileKind:
    """The kind of a file from its first bytes (8 KB, or all there are) and its name.

    Raises UnsupportedFile when the name or the content is of another kind or they disagree, UnreadableFile
    when it is empty or encrypted.

    >>> sniff(b"codigo,nombre", "Productos.CSV")
    'csv'
    """
    extension = PurePath(filename).suffix.lower()
    if extension not in (".csv", ".xlsx"):
        raise UnsupportedFile(f'El archivo "{filename}" no es de un tipo aceptado. {NOT_ACCEPTED}')
    if not head.removeprefix(b"\xef\xbb\xbf").strip():
        raise UnreadableFile("El archivo está vacío.")
    found = _content(head)
    if f".{found}" != extension:
        raise UnsupportedFile(f"El archivo se llama {extension}, pero su contenido no lo es. {NOT_ACCEPTED}")
    return found


def verify(path: Path, kind: FileKind) -> None:
    """A closer look at a stored file, before anybody reads it whole.

    Raises UnreadableFile when it is damaged, UnsupportedFile for another kind of zip, TooLarge for a zip bomb.
    """
    with path.open("rb") as file:
        sniff(file.read(HEAD), f"file.{kind}")
    if kind == "xlsx":
        _verify_workbook(path)


def _content(head: bytes) -> FileKind:
    if head.startswith(ZIP):
        return "xlsx"
    if head.startswith(OLE):
        if ENCRYPTED in head:
            raise UnreadableFile("El libro está protegido con contraseña; quite la contraseña y vuelva a subirlo.")
        raise UnsupportedFile(
            "El libro tiene contraseña o es de un Excel antiguo (.xls); guárdelo como .xlsx sin contraseña."
        )
    _refuse_other(head)
    return "csv"


def _refuse_other(head: bytes) -> None:
    if head.startswith(BYTE_ORDER_MARKS):
        raise UnsupportedFile("El archivo está en UTF-16; guárdelo como CSV UTF-8.")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:16].lower()
    controls = len(head) - len(head.translate(None, CONTROL))
    if head.startswith(BINARY) or start.startswith(MARKUP) or controls * 20 > len(head) + 100:
        raise UnsupportedFile(f"El contenido del archivo no es CSV ni Excel. {NOT_ACCEPTED}")


def _verify_workbook(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableFile("El libro de Excel está dañado o incompleto; vuelva a guardarlo y subirlo.") from error
    if not any(entry.filename.lower() == "xl/workbook.xml" for entry in entries):
        raise UnsupportedFile(f"El archivo es un zip, pero no un libro .xlsx. {NOT_ACCEPTED}")
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if unpacked > MAX_UNPACKED or (unpacked > RATIO_MATTERS and unpacked > MAX_RATIO * packed):
        raise TooLarge(f"El libro de Excel ocupa {unpacked // 1024**2} MB al descomprimirse; divídalo o use CSV.")
