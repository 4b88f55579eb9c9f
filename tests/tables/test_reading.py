"""What is found out about a file of unknown origin."""

import gzip
import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tolva.errors import InvalidInput, TolvaError, TooLarge, UnreadableFile, UnsupportedFile
from tolva.tables.check import check
from tolva.tables.document import load_schema
from tolva.tables.map import match_headers
from tolva.tables.reading import csv_end, json_file, open_source, sniff
from tolva.tables.reading.encoding import detect_encoding
from tolva.tables.reading.findings import NO_ROWS
from tolva.tables.reading.options import AS_FOUND, ReadOptions
from tolva.tables.reading.source import Source
from tolva.tables.reading.unpack import LOOK, unpack, verify_stored
from tolva.tables.reading.watch import unwatched

TEXT = 'código;descripción;precio\n001;Leche "La Niña";1,50\n002;Açúcar;2,75\n'


def read(
    path: Path, content: bytes | str, kind: Any = "csv", options: ReadOptions = AS_FOUND, known: str = ""
) -> Source:
    stored = path / "stored"
    stored.write_bytes(content.encode() if isinstance(content, str) else content)
    scratch = path / "scratch"
    scratch.mkdir(exist_ok=True)
    return open_source(stored, kind, scratch, name="datos.csv.gz", known=frozenset(known.split()), options=options)


def rows(source: Source) -> list[tuple[Any, ...]]:
    return [row for frame in source.frames(None, 2) for row in frame.rows.drop("flaw", "more").rows()]


def flaws(source: Source) -> list[tuple[int, str, list[str] | None]]:
    found = [row for frame in source.frames(None, 99) for row in frame.rows.select("row", "flaw", "more").rows()]
    return [row for row in found if row[1]]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp850", "mac-roman"]
)
def test_text_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    source = read(tmp_path, TEXT.encode(encoding))
    assert source.headers == ("código", "descripción", "precio")
    assert rows(source)[1] == (3, "002", "Açúcar", "2,75")


def test_other_scripts_are_told_by_their_letters(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(("название;цена\n" + "молоко цельное;12\nхлеб ржаной;7\n" * 20).encode("cp1251"))
    assert detect_encoding(tmp_path / "a", unwatched).name == "cp1251"


@pytest.mark.parametrize(
    ("text", "delimiter", "quote", "second"),
    [
        ("a,b\n1,2\n3,4\n", ",", '"', ("1", "2")),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";", '"', ("1,5", "2,5")),
        ("a\tb\nx, y\tz\nu\tv, w\n", "\t", '"', ("x, y", "z")),
        ("a|b\nx|y\nu|v\n", "|", '"', ("x", "y")),
        ('a, b\n1, "x, y"\n2, z\n', ",", '"', ("1", "x, y")),
        ("a,b\n'x,1','y'\n'z,2','w'\n", ",", "'", ("x,1", "y")),
        ('a,b\n"x \\"q\\", 1",y\nz,w\n', ",", '"', ('x "q", 1', "y")),
        ("a||b\n1||2\n3||4\n", "||", '"', ("1", "2")),
        ("name\nAna María\nLuis\nJosé Luis Gil\n", ",", '"', ("Ana María",)),
        ("a,b\r1,2\r3,4\r", ",", '"', ("1", "2")),
        ("at,open\n2026-01-01 10:00:00,si\n2026-01-02 11:30:00,no\n", ",", '"', ("2026-01-01 10:00:00", "si")),
    ],
)
def test_delimiter_quote_and_escape(
    tmp_path: Path, text: str, delimiter: str, quote: str, second: tuple[str, ...]
) -> None:
    source = read(tmp_path, text)
    assert (source.findings.delimiter, source.findings.quote) == (delimiter, quote)
    assert rows(source)[0] == (2, *second)


@pytest.mark.parametrize(
    ("text", "header_rows", "headers", "first"),
    [
        ("Lista\n\ncode,price\nA1,1.5\nA2,2.5\n", (3,), ("code", "price"), (4, "A1", "1.5")),
        (
            "Empresa: X,,\nFecha: 2026,,\ncode,name,price\nA1,uno,1.5\nA2,dos,2.5\n",
            (3,),
            ("code", "name", "price"),
            None,
        ),
        (
            ",Precio,\nSKU,Neto,Bruto\nA1,1,2\nA2,3,4\n",
            (1, 2),
            ("SKU", "Precio Neto", "Precio Bruto"),
            (3, "A1", "1", "2"),
        ),
        (
            ",Precio,,\nSKU,Neto,Bruto,\nA1,1,2,\nA2,3,4,\n",
            (1, 2),
            ("SKU", "Precio Neto", "Precio Bruto"),
            (3, "A1", "1", "2"),
        ),
        (
            "SKU,Precio,\n,Neto,Bruto\nA1,1,2\nA2,3,4\n",
            (1, 2),
            ("SKU", "Precio Neto", "Precio Bruto"),
            (3, "A1", "1", "2"),
        ),
        ("A1,1.5,2026-01-01\nA2,2.5,2026-01-02\nA3,3,2026-01-03\n", (), ("", "", ""), (1, "A1", "1.5", "2026-01-01")),
        ("país,2024,2025\nPerú,1.5,2.5\nChile,3.5,4\n", (1,), ("país", "2024", "2025"), (2, "Perú", "1.5", "2.5")),
        ("code,name,\nA1,uno,\nA2,dos,\n", (1,), ("code", "name"), (2, "A1", "uno")),
        ("mpg,cyl\nMazda,21,6\nDatsun,22,4\nHornet,18,8\n", (1,), ("", "mpg", "cyl"), (2, "Mazda", "21", "6")),
        ("code,price\ncode,price\nA1,1\ncode,price\nA2,2\n", (1,), ("code", "price"), (3, "A1", "1")),
    ],
)
def test_where_the_table_begins(
    tmp_path: Path, text: str, header_rows: tuple[int, ...], headers: tuple[str, ...], first: tuple[Any, ...] | None
) -> None:
    source = read(tmp_path, text)
    assert (source.findings.header_rows, source.headers) == (header_rows, headers)
    assert first is None or rows(source)[0] == first
    assert not flaws(source)


GROUPED = "A1,1,2,3,4,x\nA2,1,2,3,4,y\nA3,1,2,3,4,z\n"


@pytest.mark.parametrize("known", ["", "sku", "sku neto bruto", "sku precio coste", "precio coste"])
@pytest.mark.parametrize("above", [",Precio,,Coste,,Otros", "Artículo,Precio,,Coste,,Otros"])
def test_names_that_come_again_below_groups_are_told_apart_by_them(tmp_path: Path, known: str, above: str) -> None:
    source = read(tmp_path, f"{above}\nSKU,Neto,Bruto,Neto,Bruto,Nota\n{GROUPED}", known=known)
    assert source.headers[1:] == ("Precio Neto", "Precio Bruto", "Coste Neto", "Coste Bruto", "Otros Nota")
    assert (source.headers[0].endswith("SKU"), rows(source)[0][:3]) == (True, (3, "A1", "1"))


@pytest.mark.parametrize("known", ["", "sku", "sku precio neto coste neto", "precio coste"])
@pytest.mark.parametrize("above", [",Precio,,Coste,,", "SKU,Precio,,Coste,,"])
def test_a_line_of_groups_adds_nothing_to_names_that_say_them(tmp_path: Path, known: str, above: str) -> None:
    names = "SKU,Precio neto,Precio bruto,Coste neto,Coste bruto,Nota"
    source = read(tmp_path, f"{above}\n{names}\n{GROUPED}", known=known)
    assert (source.headers, len(rows(source))) == (tuple(names.split(",")), 3)


def test_a_line_of_groups_is_ignored_above_names_that_the_schema_knows(tmp_path: Path) -> None:
    names = "SKU,Nombre,Precio,Día,Moneda,Nota"
    source = read(tmp_path, f",Precio,,Coste,,\n{names}\n{GROUPED}", known="sku nombre precio dia")
    assert (source.headers, source.findings.header_rows) == (tuple(names.split(",")), (2,))


def test_a_row_of_texts_is_no_part_of_a_header_that_has_gaps(tmp_path: Path) -> None:
    text = "SKU,Nombre,,Precio\nA1,,verde,\nA2,dos,rojo,2\nA3,tres,azul,3\n"
    source = read(tmp_path, text, known="sku nombre precio")
    assert (source.headers, len(rows(source))) == (("SKU", "Nombre", "", "Precio"), 3)


@pytest.mark.parametrize("known", ["", "codigo nombre precio stock"])
@pytest.mark.parametrize("remark", ["", "ver", "no"])
@pytest.mark.parametrize("first", ["pendiente;pendiente;revisar", "s/p;n.d.;ver", "por ver;agotado;x", "s/p;s/p;sí"])
@pytest.mark.parametrize("price", ["Precio", "Precio de venta al público"])
def test_a_first_row_of_words_below_a_header_with_a_gap_is_data(
    tmp_path: Path, price: str, first: str, remark: str, known: str
) -> None:
    names = ("Código", "Nombre", price, "Stock")
    body = f"A1;Pan;{first}\nA2;Té;1,5;3;{remark}\nA3;Té;2,5;4;{remark}\n"
    source = read(tmp_path, f"{';'.join(names)};\n{body}", known=known)
    assert (source.headers[:4], len(rows(source))) == (names, 3)


@pytest.mark.parametrize("first", ["pendiente;pendiente;revisar", "s/p;s/p;sí"])
@pytest.mark.parametrize("remark", ["ver", "sí", "7"])
def test_a_first_row_without_a_code_is_no_part_of_known_names(tmp_path: Path, first: str, remark: str) -> None:
    body = f"Pan;Pan;{first}\nTé;Té;1,5;3;{remark}\nMate;Té;2,5;4;{remark}\n"
    source = read(tmp_path, f"Código;Nombre;Precio;Stock;\n{body}", known="codigo nombre precio stock")
    assert (source.headers[:4], len(rows(source))) == (("Código", "Nombre", "Precio", "Stock"), 3)


@pytest.mark.parametrize("first", ["A1;Leche;rojo;", "Leche;entera;rojo;"])
def test_a_first_row_that_fills_a_gap_above_words_is_data(tmp_path: Path, first: str) -> None:
    source = read(tmp_path, f"Ref;Desc;;Cant\n{first}\nA2;Pan;azul;3\nA3;Té;verde;4\n")
    assert (source.headers, len(rows(source))) == (("Ref", "Desc", "", "Cant"), 3)


def test_a_line_of_units_takes_no_known_name_away(tmp_path: Path) -> None:
    text = "Código;Nombre;Precio;\n;;COP;IVA\nA1;Pan;1,5;2\nA2;Té;2,5;3\n"
    assert read(tmp_path, text, known="codigo nombre precio iva").headers == ("Código", "Nombre", "Precio", "")
    assert read(tmp_path, text).headers == ("Código", "Nombre", "Precio COP", "Precio IVA")


@pytest.mark.parametrize("title", ["Lista de precios 2026", "Inventario"])
@pytest.mark.parametrize("column", range(4))
def test_a_title_above_any_column_is_no_part_of_its_name(tmp_path: Path, title: str, column: int) -> None:
    above = ";".join(title if number == column else "" for number in range(4))
    names = ("Código", "Nombre", "Precio unit", "Observación")
    source = read(tmp_path, f"{above}\n{';'.join(names)}\nA1;Pan;1,5;x\nA2;Té;2,5;y\nA3;Té;2,5;z\n", known="nombre")
    assert (source.headers, source.findings.header_rows, len(rows(source))) == (names, (2,), 3)


def test_known_names_find_a_header_that_looks_like_data(tmp_path: Path) -> None:
    text = "x1,x2\na1,b2\nc3,d4\n"
    assert read(tmp_path, text).findings.header_rows == ()
    assert read(tmp_path, text, known="x1 x2").findings.header_rows == (1,)


TABLE = "code,name,day,price\n" + "".join(f"A{n},uno,2026-01-0{n},{n}\n" for n in range(1, 5))


def test_remarks_below_and_a_second_table_are_left_out_and_told(tmp_path: Path) -> None:
    remarked = read(tmp_path, f"{TABLE}\nFuente: ministerio de salud,,,\n\nHecho a mano\n")
    assert len(rows(remarked)) == 4
    assert remarked.findings.notes == (
        "No se leen las observaciones del final: de la fila 7 a la 9 (2 filas). Si son datos, quite la línea en blanco"
        " de arriba.",
    )
    double = read(tmp_path, f"{TABLE}\npaís,total\nPerú,12\nChile,13\n")
    assert len(rows(double)) == 4
    assert double.findings.notes == (
        "El archivo tiene más de una tabla; se lee la primera y no la otra: de la fila 7 a la 9 (3 filas). Para leerla,"
        " indique que su fila de encabezados es la 7 (--header-row 7).",
    )
    other = read(tmp_path, f"{TABLE}\npaís,total\nPerú,12\nChile,13\n", options=ReadOptions(header_row=7))
    assert (other.headers, len(rows(other)), other.findings.notes) == (("país", "total"), 2, ())


@pytest.mark.parametrize(
    ("below", "kept"),
    [
        ("\nBEBIDAS\nB1,agua,2026-01-01,1\n\nPANES,,,\nB2,pan,2026-01-01,2\n", 4),
        ("\nGrupo,Bebidas,,\nB1,agua,2026-01-01,1\n", 2),
        ("\nGrupo,Bebidas,Origen,Nota\nB1,agua,2026-01-01,1\n", 2),
        ("\nGrupo,Bebidas,Origen,\nB1,agua,2026-01-01,\n", 2),
        ("\nTotal,,,10\n", 1),
        ("\nSubtotal,10\nIVA,2\n", 2),
        ("\nCode,Name,Day,Price\nB1,agua,2026-01-01,1\n", 2),
        ("\npaís,total\nPerú,12\n\ncode,name,day,price\nB1,agua,2026-01-01,1\n", 3),
    ],
    ids=[
        "groups with titles",
        "a title of two cells",
        "a title as wide as the table",
        "a title above rows that lack what others lack",
        "a total",
        "totals as wide as their names",
        "the header again, written otherwise",
        "a table between two parts of another",
    ],
)
def test_what_may_be_rows_below_a_blank_line_is_read(tmp_path: Path, below: str, kept: int) -> None:
    source = read(tmp_path, f"{TABLE}A5,dos,2026-01-05,\n{below}")
    assert (len(rows(source)), source.findings.notes) == (5 + kept, ())


def test_rows_below_a_blank_line_that_lack_their_last_cell_are_no_table_for_a_word_among_numbers(
    tmp_path: Path,
) -> None:
    table = "ciudad,pais,habitantes,nota\nBogotá,Colombia,8000000,capital\nCali,Colombia,2200000,valle\n"
    source = read(tmp_path, f"{table}\nLima,Perú,desconocido,\nQuito,Ecuador,2000000,\nLoja,Ecuador,200000,\n")
    assert ([row[1] for row in rows(source)], source.findings.notes) == (
        ["Bogotá", "Cali", "Lima", "Quito", "Loja"],
        (),
    )
    other = read(tmp_path, f"{table}\nmes,total,parte,\n2026-01-01,12,1\n2026-02-01,13,2\n")
    assert (len(rows(other)), len(other.findings.notes)) == (2, 1)


@pytest.mark.parametrize("longer", range(16))
def test_the_end_is_found_wherever_the_last_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, longer: int
) -> None:
    monkeypatch.setattr(csv_end, "BLOCK", 16)
    monkeypatch.setattr(csv_end, "OVERLAP", 64)
    source = read(tmp_path, f"{TABLE}\npaís,total\nPerú,12\nChile,1{'3' * longer}\n")
    assert (len(rows(source)), len(source.findings.notes)) == (4, 1)


@pytest.mark.parametrize("header", ["code,name,day", "code,name,day,price,tax", "name,code,day,price"])
def test_a_header_that_comes_again_with_other_columns_begins_another_table(tmp_path: Path, header: str) -> None:
    source = read(tmp_path, f"{TABLE}{header}\nB1,agua,2026-01-01\n")
    assert len(rows(source)) == (4 if header.startswith("code") else 6)
    blank = read(tmp_path, f"{TABLE}\n{header}\nB1,agua,2026-01-01\n")
    assert len(rows(blank)) == 4


def test_what_is_no_end_of_a_record_is_not_told_as_one(tmp_path: Path) -> None:
    source = read(tmp_path, f'{TABLE}A5,"uno\n\npaís,total\nPerú,12\n",2026-01-01,5\n')
    assert (len(rows(source)), source.findings.notes) == (5, ())


@pytest.mark.parametrize(("last", "kept"), [("Total general,,,,,,,99", 2), ("A3,leche entera,,,,,,", 3)])
def test_the_last_row_below_a_blank_line_is_a_remark_only_if_it_begins_with_words(
    tmp_path: Path, last: str, kept: int
) -> None:
    source = read(tmp_path, f"code,name,b,c,d,e,f,g\nA1,uno,1,2,3,4,5,6\nA2,dos,1,2,3,4,5,6\n\n{last}\n")
    assert (len(rows(source)), len(source.findings.notes)) == (kept, 3 - kept)


NARROW = "code,name,price\nA1,uno,1\nA2,dos tres,2\n"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"{NARROW}\n\nPrecios sin IVA\n", 2),
        (f"{NARROW}\nPrecios sin IVA,,\n\nFuente:\n", 2),
        ("code,price\nA1,1\nA2,2\n\nA3,3\n\nPrecios sin IVA\n", 3),
        (f"{NARROW}Precios sin IVA\n", 3),
        (f"{NARROW}\nTOTAL\n", 3),
        (f"{NARROW}\n,Precios sin IVA,\n", 3),
        (f"{NARROW}\nPrecios sin IVA,9\n", 3),
        (f"{NARROW}A3,,\n\nPrecios sin IVA\n", 4),
        (f"{NARROW}\nBEBIDAS\n\nPrecios sin IVA\n", 4),
        ("name,phone\nAna Ruiz,1\nLuz,2\n\nEva Gil\n", 3),
        ("name,phone\nEva,1\n\nAna Ruiz,2\n\nEva Gil\n", 3),
        ("name\nEva\n\nEva Gil\n", 2),
        ("name,phone\n\nEva Gil\n", 1),
    ],
    ids=[
        "a remark",
        "two remarks",
        "below parts of the table",
        "no blank line",
        "a word",
        "not in the first cell",
        "another cell",
        "below a record of one cell",
        "below a title",
        "where names are several words",
        "where names further down are",
        "the only column",
        "the only row",
    ],
)
def test_a_sentence_below_a_narrow_table_is_a_remark_where_no_record_looks_like_it(
    tmp_path: Path, text: str, kept: int
) -> None:
    source = read(tmp_path, text, known="code name price phone")
    left_out = [note for note in source.findings.notes if note.startswith("No se leen las observaciones del final")]
    assert (len(rows(source)), len(left_out)) == (kept, int(kept < data_lines(text)))


def test_a_record_of_one_cell_is_read_wherever_the_one_that_looks_like_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, named, last = "name,n\n" + "A1,1\n" * 400, "Ana Ruiz,3\n" * 5, "\nJuan Pérez,\nLuisa Gómez,\n"
    assert len(rows(read(tmp_path, f"{table}{named}{last}"))) == 407
    assert len(rows(read(tmp_path, f"{table}{last}"))) == 400
    monkeypatch.setattr(csv_end, "LONGEST", 1_000)
    assert len(rows(read(tmp_path, f"{table}{last}"))) == 402


def data_lines(text: str) -> int:
    return sum(bool(line.strip(",")) for line in text.splitlines()[1:])


def test_a_file_with_a_header_alone_is_told(tmp_path: Path) -> None:
    for text, notes in (("code,price\n", (NO_ROWS,)), ("code,price\n ,\n\n", (NO_ROWS,)), ("code,price\nA,1\n", ())):
        source = read(tmp_path, text, known="code price")
        assert source.findings.notes == notes


def test_a_blank_line_inside_of_a_quoted_cell_ends_nothing(tmp_path: Path) -> None:
    text = 'code,note,n\nA1,"one\n\ntwo, three\n",1\nA2,x,2\nA3,"\n\nname,total\nx,1",3\nA4,y,4\n'
    assert [row[1] for row in rows(read(tmp_path, text))] == ["A1", "A2", "A3", "A4"]


@pytest.mark.parametrize(
    ("line", "cells", "flaw"),
    [
        ('"A,1,x', ('"A', "1", "x"), "stray_quote"),
        ('A,"5" pipe",x', ("A", '5" pipe', "x"), None),
        ('A,5" pipe,x', ("A", '5" pipe', "x"), None),
        ('A,1,"', ("A", "1", '"'), "stray_quote"),
        ("A,1,x,y", ("A", "1", "x"), "extra_cells"),
        ("A,1", ("A", "1", None), None),
    ],
)
def test_a_damaged_line_spoils_no_other(tmp_path: Path, line: str, cells: tuple[str, ...], flaw: str | None) -> None:
    text = f'code,"n, m",z\nB,"2, 3",y\n{line}\nC,"3, 4",z\n'
    source = read(tmp_path, text)
    assert [row[1:] for row in rows(source)] == [("B", "2, 3", "y"), cells, ("C", "3, 4", "z")]
    assert [(row, found) for row, found, _ in flaws(source)] == ([(3, flaw)] if flaw else [])


def test_cells_beyond_the_header_are_kept_with_their_row(tmp_path: Path) -> None:
    assert flaws(read(tmp_path, "a,b\n1,2\n3,4,5,6\n7,8\n")) == [(3, "extra_cells", ["5", "6"])]


@pytest.mark.parametrize("packed", ["gzip", "zip"])
def test_one_packed_file_is_read(tmp_path: Path, packed: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("__MACOSX/._datos.csv", "x")
        archive.writestr("carpeta/datos.csv", TEXT.encode("cp1252"))
    content = gzip.compress(TEXT.encode("cp1252")) if packed == "gzip" else stream.getvalue()
    assert rows(read(tmp_path, content, packed))[1] == (3, "002", "Açúcar", "2,75")


def test_what_is_packed_badly_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two = io.BytesIO()
    with zipfile.ZipFile(two, "w") as archive:
        archive.writestr("a.csv", "a")
        archive.writestr("b.csv", "b")
    with pytest.raises(UnsupportedFile, match="contiene 2 archivos"):
        read(tmp_path, two.getvalue(), "zip")
    with pytest.raises(UnreadableFile, match="dañado"):
        read(tmp_path, gzip.compress(b"a,b\n" * 999)[:-9], "gzip")
    monkeypatch.setattr(sniff, "RATIO_MATTERS", 1024**2)
    said = r"\d{3} veces lo que comprimido; a partir de 1 MB se aceptan 200 veces"
    with pytest.raises(TooLarge, match=said):
        read(tmp_path, gzip.compress(b"a,b\n" * 10**6), "gzip")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("setup.exe", b"MZ\x90\0", '"setup.exe" no es de un tipo aceptado'),
        ("carta.docx", b"PK\x03\x04", '"carta.docx" no es de un tipo aceptado'),
        ("otro.zip", b"PK\x03\x04", '"otro.zip" no es de un tipo aceptado'),
        ("foto.csv", b"\x89PNG\r\n\x1a\n", "se llama .csv, pero su contenido no lo es"),
        ("nada.csv", b"", "vacío"),
    ],
)
def test_what_is_packed_and_cannot_be_read_is_found_out_before_it_is_unpacked(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with zipfile.ZipFile(tmp_path / "stored", "w") as archive:
        archive.writestr(name, content)
    with pytest.raises(InvalidInput, match=said):
        verify_stored(tmp_path / "stored", "zip", "a.zip")
    (tmp_path / "stored").write_bytes(gzip.compress(b"MZ\x90\0"))
    with pytest.raises(UnsupportedFile, match=r"se llama \.csv, pero"):
        verify_stored(tmp_path / "stored", "gzip", "a.csv.gz")
    (tmp_path / "stored").write_bytes(gzip.compress(TEXT.encode()))
    verify_stored(tmp_path / "stored", "gzip", "a.csv.gz")


def test_only_the_start_of_a_gzip_is_looked_at_before_it_is_unpacked(tmp_path: Path) -> None:
    nothing, stored = gzip.compress(b""), tmp_path / "stored"
    for shift in range(len(nothing)):  # wherever in a member the look ends
        stored.write_bytes(gzip.compress(b"a" * shift, 0) + nothing * (LOOK // len(nothing) + 9) + b"no member")
        verify_stored(stored, "gzip", "a.csv.gz")
    with pytest.raises(UnreadableFile):
        unpack(stored, "gzip", "a.csv.gz", tmp_path, unwatched)
    stored.write_bytes(gzip.compress(b"MZ\x90\0" * LOOK) + nothing * LOOK)
    with pytest.raises(UnsupportedFile):
        verify_stored(stored, "gzip", "a.csv.gz")


def test_json_in_its_three_forms(tmp_path: Path) -> None:
    objects = [{"a": "x", "b": {"c": 1.50, "d": True}}, {"a": None, "e": [1, 2]}]
    lines = "\n".join(map(json.dumps, objects)).replace("1.5", "1.50")
    for kind, text, numbers in (
        ("ndjson", f"{lines}\n\n", (1, 2)),
        ("json", json.dumps(objects).replace("1.5", "1.50"), (1, 2)),
        ("json", json.dumps({"page": 1, "items": objects}).replace("1.5", "1.50"), (1, 2)),
    ):
        source = read(tmp_path, text, kind)
        assert source.headers == ("a", "b.c", "b.d", "e")
        assert rows(source) == [(numbers[0], "x", "1.50", "true", None), (numbers[1], None, None, None, "[1, 2]")]
    broken = read(tmp_path, '{"a": 1}\n{"a": \n[1]\n{"a": 2}\n', "ndjson")
    assert [(row, flaw) for row, flaw, _ in flaws(broken)] == [(2, "bad_json"), (3, "bad_json")]
    with pytest.raises(UnreadableFile, match="después del elemento 1"):
        read(tmp_path, '[{"a": 1}, {"a": ', "json")


def test_of_several_lists_of_objects_the_longest_is_read_and_the_others_are_told(tmp_path: Path) -> None:
    source = read(tmp_path, '{"a": [{"id": "m1"}], "n": ["x", "y", "z"], "b": [{"id": "m2"}, {"id": "m3"}]}', "json")
    assert rows(source) == [(1, "m2"), (2, "m3")]
    assert source.findings.notes == ('Se lee la lista "b"; el archivo tiene además: a.',)
    assert read(tmp_path, '{"a": [{"id": "m1"}], "n": ["x"], "e": []}', "json").findings.notes == ()


def test_pieces_of_json_are_bounded_by_rows_text_and_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pieces(*objects: dict[str, Any]) -> list[int]:
        source = read(tmp_path, "\n".join(map(json.dumps, objects)), "ndjson")
        assert len(rows(source)) == len(objects)
        return [frame.rows.height for frame in source.frames(None, 99)]

    monkeypatch.setattr(json_file, "MAX_TEXT", 10)
    assert pieces(*[{"a": "x" * 6}] * 5) == [2, 2, 1]
    monkeypatch.setattr(json_file, "MAX_CELLS", 6)
    assert pieces({"a": 1}, {"a": 1}, {"a": 1, "b": 1, "c": 1, "d": 1}, {"a": 1}) == [2, 1, 1]
    monkeypatch.setattr(json_file, "ROWS", 3)
    assert pieces(*[{"a": 1}] * 4) == [3, 1]


def test_json_numbers_are_read_exactly_or_refused(tmp_path: Path) -> None:
    fields = [
        {"name": "k", "constraints": {"required": True, "maxLength": 40}},
        {"name": "n", "type": "number", "precision": 38, "scale": 9},
        {"name": "i", "type": "integer"},
    ]
    schema = load_schema({"name": "x", "title": "x", "target": "x", "primaryKey": ["k"], "fields": fields})
    digits = "12345678901234567890.123456789"
    lines = [
        f'{{"k": {digits}, "n": {digits}, "i": 9007199254740993}}',
        '{"k": 2, "n": 1E-2, "i": 1.5e1}',
        '{"k": 3, "n": 1e3, "i": 1e999999999}',
        '{"k": 4, "n": -1e-99999999999999999999, "i": 1e30}',
    ]
    source = read(tmp_path, "\n".join(lines), "ndjson")
    (frame,) = source.frames(None, 9)
    checked = check(frame, match_headers(source.headers, schema), schema)
    assert checked.good.rows() == [(1, digits, Decimal(digits), 9007199254740993), (2, "2", Decimal("0.01"), 15)]
    assert checked.errors.select("row", "column", "code").rows() == [
        (3, "i", "type"),
        (4, "n", "type"),
        (4, "i", "range"),
    ]


def test_powers_of_ten_in_json_do_not_make_a_small_file_large(tmp_path: Path) -> None:
    numbers = ", ".join(["1e60"] * 1_000)
    source = read(tmp_path, f'{{"a": [{numbers}], "b": 1e60, "c": 1e61, "d": -1e-999}}', "ndjson")
    assert rows(source) == [(1, f"[{numbers}]", f"1{'0' * 60}", "1e61", "-1e-999")]
    assert source.numbers([1, 2, 3]) == ["all", "all", "all"]
    assert [len(numbers) for numbers in source.numbers([0])] == [0]


@pytest.mark.parametrize("depth", [100, 200, 700, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a": ', "}")])
def test_a_deep_value_in_json_spoils_its_own_record(tmp_path: Path, depth: int, opening: str, closing: str) -> None:
    deep = f'{{"a": 2, "b": {opening * depth}1{closing * depth}}}'
    source = read(tmp_path, f'{{"a": 1, "b": [[[1]]]}}\n{deep}\n{{"a": 3}}\n', "ndjson")
    assert [row[:2] for row in rows(source)] == [(1, "1"), (2, None), (3, "3")]
    assert [(row, flaw) for row, flaw, _ in flaws(source)] == [(2, "bad_json")]
    if depth < 800:  # beyond that an array is not JSON to the decoder
        assert flaws(read(tmp_path, f'[{{"a": 1}}, {deep}]', "json")) == [(2, "bad_json", None)]
        assert flaws(read(tmp_path, f'{{"items": [{{"a": 1}}, {deep}]}}', "json")) == [(2, "bad_json", None)]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "xls", "ods", "json", "ndjson", "gzip", "zip"])
def test_rubbish_of_any_kind_is_read_or_refused(tmp_path: Path, kind: str) -> None:
    heads = {"xlsx": b"PK\x03\x04", "ods": b"PK\x03\x04", "zip": b"PK\x03\x04", "gzip": b"\x1f\x8b\x08"}
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    for body in (b"", b"\0" * 600, bytes(range(256)) * 9, b'{"a": [' * 500, b'"' * 99, b",\n" * 99):
        try:
            rows(read(tmp_path, heads.get(kind, ole if kind == "xls" else b"") + body, kind))
        except TolvaError:
            continue
