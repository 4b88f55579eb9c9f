"""`tolva inspect`, `tolva read` and `tolva schema`: nothing of them but the last needs a database."""

import json
from pathlib import Path

from tests.cli.conftest import Shell

LIST = 'Lista de precios;;\n;;\nCódigo;Nombre;Precio\n001;Leche "entera";1.234,50\n002;Pan;2.500\n'


def test_inspect_shows_how_a_file_would_be_read(homeless: Shell, tmp_path: Path):
    path = tmp_path / "lista.csv"
    path.write_bytes(LIST.encode("cp1252"))
    ran = homeless("inspect", str(path))
    assert ran.code == 0
    for said in ("cp1252", "row 3", "number, decimal comma", 'Leche "entera" · Pan', "Faltan columnas obligatorias"):
        assert said in ran.out
    seen = homeless("inspect", str(path), "--json").json
    assert (seen["encoding"], seen["delimiter"], seen["header_rows"]) == ("cp1252", ";", [3])
    assert [(c["header"], c["type"], c["field"], c["confidence"]) for c in seen["columns"]] == [
        ("Código", "string", "codigo", 0.95),
        ("Nombre", "string", "nombre", 0.95),
        ("Precio", "number", "precio", 0.95),
    ]


def test_what_was_found_out_can_be_overridden(homeless: Shell, tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes("a|b\n'x|y'|ñ\n".encode("cp850"))
    options = ["--encoding", "cp850", "--delimiter", "|", "--quote", "'", "--header-row", "0"]
    seen = homeless("inspect", str(path), "--json", *options).json
    assert (seen["header_rows"], seen["encoding"]) == ([], "cp850")
    assert [column["samples"] for column in seen["columns"]] == [["a", "x|y"], ["b", "ñ"]]
    assert homeless("inspect", str(path), "--encoding", "klingon").code == 2


def test_read_writes_clean_csv(homeless: Shell, tmp_path: Path):
    (tmp_path / "lista.csv").write_bytes(LIST.encode("utf-16"))
    (tmp_path / "datos.jsonl").write_text('{"a": "x,y", "b": 1.50}\n')
    (tmp_path / "nada.csv").touch()
    (tmp_path / "foto.csv").write_bytes(b"\x89PNG\r\n\x1a\n")
    out = tmp_path / "out"
    ran = homeless(
        "read", *(str(tmp_path / n) for n in ("lista.csv", "datos.jsonl", "nada.csv", "foto.csv")), "--out", str(out)
    )
    assert (ran.code, ran.out.splitlines()[-1]) == (1, f"3 of 4 files read into {out}")
    written = {path.name: path.read_text("utf-8") for path in out.iterdir()}
    assert written == {
        "lista.csv_converted.csv": 'Código,Nombre,Precio\n001,"Leche ""entera""","1.234,50"\n002,Pan,2.500\n',
        "datos.jsonl_converted.csv": 'a,b\n"x,y",1.50\n',
        "nada.csv_converted.csv": "",
        "foto.csv_converted.csv": written["foto.csv_converted.csv"],
    }
    assert written["foto.csv_converted.csv"].startswith("Application Error\nEl archivo se llama .csv, pero")
    assert homeless("read", str(tmp_path / "nada.csv"), str(tmp_path / "nada.csv"), "--out", str(out)).code == 2


def test_a_schema_from_document_to_table_and_template(tolva: Shell, tmp_path: Path):
    field = {"name": "code", "title": "Código", "constraints": {"required": True, "maxLength": 9}}
    document = {"name": "ventas", "target": "sales", "primaryKey": "code", "fields": [field]}
    path = tmp_path / "ventas.json"
    path.write_text(json.dumps(document))
    assert "tolva schema create ventas" in tolva("schema", "add", str(path)).out
    shown = tolva("schema", "show", "ventas")
    assert "sales, not there yet" in shown.out
    assert 'CREATE TABLE "sales"' in tolva("schema", "show", "ventas", "--ddl").out
    assert tolva("schema", "show", "ventas", "--json").json == document
    assert [s["name"] for s in tolva("schema", "ls", "--json").json] == ["products", "ventas"]
    template = tmp_path / "t.xlsx"
    assert tolva("schema", "template", "products", "--example", "--out", str(template)).code == 0
    assert template.read_bytes().startswith(b"PK")
    path.write_text("[]")
    assert "holds no JSON object" in tolva("schema", "add", str(path)).err
