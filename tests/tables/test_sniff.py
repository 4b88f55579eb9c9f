from pathlib import Path

import pytest

from tolva.errors import InvalidInput, UnreadableFile, UnsupportedFile
from tolva.tables.reading.sniff import sniff, verify

ZIP = b"PK\x03\x04" + bytes(100)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"codigo,nombre\n1,2", "a.csv", "csv"),
        (b"\xef\xbb\xbfcodigo;nombre", "A.CSV", "csv"),
        (b"c\xf3digo;nombre\n1,\x00", "mis productos.v2.csv", "csv"),
        ("a,b".encode("utf-16"), "a.csv", "csv"),
        ("a,b".encode("utf-16-be"), "a.csv", "csv"),
        (ZIP, "libro.XLSX", "xlsx"),
        (ZIP, "libro.ods", "ods"),
        (OLE, "libro.xls", "xls"),
        (ZIP, "libro.zip", "zip"),
        (b"\x1f\x8b\x08", "a.csv.gz", "gzip"),
        (b' {"a": 1}', "a.jsonl", "ndjson"),
        (b'[{"a": 1}]', "a.json", "json"),
    ],
)
def test_content_and_name_agree(head: bytes, name: str, kind: str) -> None:
    assert sniff(head, name) == kind


@pytest.mark.parametrize(
    ("head", "name", "error", "said"),
    [
        (b"", "a.csv", UnreadableFile, "El archivo está vacío."),
        (b"\xef\xbb\xbf \r\n\t", "a.csv", UnreadableFile, "El archivo está vacío."),
        (b"", "a.xlsx", UnreadableFile, "El archivo está vacío."),
        (b"a,b", "a.txt", UnsupportedFile, 'El archivo "a.txt" no es de un tipo aceptado'),
        (b"a,b", "csv", UnsupportedFile, "no es de un tipo aceptado"),
        (b"", "a.pdf", UnsupportedFile, "no es de un tipo aceptado"),
        (b"a,b", "a.xlsx", UnsupportedFile, "se llama .xlsx, pero su contenido no lo es"),
        (ZIP, "a.csv", UnsupportedFile, "se llama .csv, pero su contenido no lo es"),
        (OLE, "a.xlsx", UnsupportedFile, "pero su contenido no lo es"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", UnreadableFile, "protegido con contraseña"),
        (b"%PDF-1.7 ...", "a.csv", UnsupportedFile, "pero su contenido no lo es"),
        (b"\x89PNG\r\n\x1a\n", "a.csv", UnsupportedFile, "pero su contenido no lo es"),
        (b"  <!DOCTYPE html><table>", "a.csv", UnsupportedFile, "pero su contenido no lo es"),
        (bytes(range(256)) * 4, "a.csv", UnsupportedFile, "pero su contenido no lo es"),
    ],
)
def test_everything_else_is_refused_with_the_reason(
    head: bytes, name: str, error: type[InvalidInput], said: str
) -> None:
    with pytest.raises(error, match=said.replace("(", r"\(")):
        sniff(head, name, (".csv", ".xlsx"))


def test_a_zip_that_is_no_workbook_is_found_out_once_it_is_whole(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "stored", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(UnsupportedFile, match="no un libro"):
        verify(tmp_path / "stored", "xlsx")


def test_a_stored_csv_is_looked_at_again(tmp_path: Path) -> None:
    (tmp_path / "stored").write_bytes(b"a,b\n1,2\n")
    verify(tmp_path / "stored", "csv")
