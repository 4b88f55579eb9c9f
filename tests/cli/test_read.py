"""`tolva inspect`, `tolva read` and `tolva schema`: nothing of them but the last needs a database."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

LIST = 'Lista de precios;;\n;;\nCódigo;Nombre;Precio\n001;Leche "entera";1.234,50\n002;Pan;2.500\n'


def test_inspect_shows_how_a_file_would_be_read(homeless: Shell, tmp_path: Path):
    path = tmp_path / "lista.csv"
    path.write_bytes(LIST.encode("cp1252"))
    ran = homeless("inspect", str(path))
    assert ran.code == 2, "columns are missing"
    assert "moneda 'USD' in new rows without a value" in ran.out
    for said in ("cp1252", "row 3", "number, decimal comma", 'Leche "entera" · Pan', "Faltan columnas obligatorias"):
        assert said in ran.out
    seen = homeless("inspect", str(path), "--json").json
    assert (seen["encoding"], seen["delimiter"], seen["header_rows"]) == ("cp1252", ";", [3])
    assert [(c["header"], c["type"], c["field"], c["confidence"]) for c in seen["columns"]] == [
        ("Código", "string", "codigo", 1.0),
        ("Nombre", "string", "nombre", 1.0),
        ("Precio", "number", "precio", 1.0),
    ]


def test_inspect_names_columns_as_an_answer_does_and_takes_answers(homeless: Shell, tmp_path: Path):
    path = tmp_path / "dos.csv"
    path.write_text("codigo,nombre,precio,precio,certificado_sanitario,tiempo_entrega_dias\n1,Pan,2,3,C,1\n")
    asked = homeless("inspect", str(path))
    assert '@4 "precio"' in asked.out
    assert asked.out.splitlines()[-2:] == ["To choose, for instance:", "  --map @3=precio"]
    seen = homeless("inspect", str(path), "--map", "@4=precio", "--json").json
    assert [column["field"] for column in seen["columns"]][2:4] == [None, "precio"]
    assert (seen["problem"], seen["questions"]) == (None, [])
    ends = [homeless("inspect", str(path), *more).code for more in ([], ["--json"], ["--map", "@4=precio"])]
    assert ends == [2, 2, 0], "2 while a question is open"
    assert homeless("inspect", str(path), "--map", "@7=precio").code == 2


def test_inspect_knows_schemas_of_documents_and_of_the_database(tolva: Shell, homeless: Shell, tmp_path: Path):
    field = {"name": "code", "title": "Clave", "constraints": {"required": True, "maxLength": 9}}
    document, path = tmp_path / "ventas.json", tmp_path / "a.csv"
    document.write_text(json.dumps({"name": "ventas", "target": "sales", "primaryKey": "code", "fields": [field]}))
    path.write_text("Clave,Otra\nA1,x\nA2,y\n")
    assert homeless("inspect", str(path), "--schema", str(document), "--json").json["columns"][0]["field"] == "code"
    assert homeless("inspect", str(path), "--schema", "ventas").code == 3
    nowhere = homeless("inspect", str(path), "--schema", "ventas", DATABASE_URL="")
    assert (nowhere.code, "no database to look for it" in nowhere.err) == (2, True)
    assert not homeless.folder.exists()
    assert tolva("schema", "add", str(document)).code == 0
    assert tolva("inspect", str(path), "--schema", "ventas", "--json").json["columns"][0]["field"] == "code"
    assert "Known schemas: products, ventas" in tolva("inspect", str(path), "--schema", "nada").err


@pytest.mark.parametrize(("locale", "signs"), [("es-CO", ("day first", "decimal comma")), (None, (None, None))])
def test_inspect_reads_numbers_and_dates_as_a_load_does(
    homeless: Shell, tmp_path: Path, locale: str | None, signs: tuple[str | None, str | None]
):
    """By the locale of the schema, where the file does not show it, in its last row if there alone; codes are texts."""
    document, path = tmp_path / "ventas.json", tmp_path / "a.csv"
    fields = [
        {"name": "code", "constraints": {"required": True, "maxLength": 9}},
        *({"name": name, "type": kind} for name, kind in (("day", "date"), ("amount", "number"), ("late", "number"))),
    ]
    schema = {"name": "ventas", "target": "sales", "primaryKey": "code", "fields": fields}
    document.write_text(json.dumps(schema | ({"locale": locale} if locale else {})))
    path.write_text("Code,Day,Amount,Late\n" + "1.234,03/04/2026,1.234,1.234\n" * 1500 + "2.345,03/04/2026,2.345,1.5\n")
    seen = homeless("inspect", str(path), "--schema", str(document), "--json").json
    unsure = "may mean two things; name a locale"
    assert [column["note"] for column in seen["columns"]] == [
        None,
        *(sign or unsure for sign in signs),
        "decimal point",
    ]
    assert [note.split('"')[1:4:2] for note in seen["notes"]] == ([] if locale else [["Day", "Amount"]])


def test_read_tells_what_it_left_out_and_what_had_no_effect(homeless: Shell, tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("a,b,c\n1,2,3\n\nLas cifras son del mes pasado.\n")
    ran = homeless("read", str(path), "--out", str(tmp_path / "out"), "--sheet", "Ventas")
    assert ran.code == 0
    assert f"{path}: No se leen las observaciones del final: la fila 4" in ran.err
    assert f"{path}: Un archivo CSV no usa la hoja; lo indicado no se tuvo en cuenta." in ran.err
    assert "no usa la hoja" in homeless("inspect", str(path), "--sheet", "2").out


def test_what_was_found_out_can_be_overridden(homeless: Shell, tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes("a|b\n'x|y'|ñ\n".encode("cp850"))
    options = ["--encoding", "cp850", "--delimiter", "|", "--quote", "'", "--header-row", "0"]
    seen = homeless("inspect", str(path), "--json", *options).json
    assert (seen["header_rows"], seen["encoding"]) == ([], "cp850")
    assert [column["samples"] for column in seen["columns"]] == [["a", "x|y"], ["b", "ñ"]]
    for wrong in (("--encoding", "klingon"), ("--locale", "zz-ZZ")):
        assert homeless("inspect", str(path), *wrong).code == 2


def test_a_file_of_no_kind_that_is_read_is_told_by_its_own_name(homeless: Shell, tmp_path: Path):
    path = tmp_path / "tiny.exe"
    path.write_bytes(b"MZ\x90\0" * 100)
    ran = homeless("inspect", str(path))
    assert ran.code == 2
    assert 'Error: El archivo "tiny.exe" no es de un tipo que se lea. Solo se aceptan' in ran.err


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


def _csv(folder: Path) -> Path:
    path = folder / "ventas.csv"
    path.write_text("Código\nA1\n")
    return path


def test_a_schema_is_shown_with_all_that_binds_its_rows(tolva: Shell, tmp_path: Path) -> None:
    fields = [
        {"name": "code", "transforms": ["upper"], "constraints": {"required": True, "minLength": 2, "maxLength": 9}},
        {
            "name": "ean",
            "description": "barcode",
            "constraints": {"unique": True, "pattern": "[0-9]+", "maxLength": 13},
        },
        {
            "name": "amount",
            "type": "number",
            "precision": 9,
            "scale": 2,
            "locale": "es-CO",
            "constraints": {"minimum": 1},
        },
        {"name": "kind", "constraints": {"enum": [f"v{n}" for n in range(20)]}, "default": "v3"},
    ]
    document = {"name": "s", "target": "s", "primaryKey": "code", "missingValues": ["n/a"], "fields": fields}
    path = tmp_path / "s.json"
    path.write_text(json.dumps(document | {"uniqueKeys": [["ean", "amount"]]}))
    assert tolva("schema", "add", str(path)).code == 0
    shown = tolva("schema", "show", "s").out
    for told in (
        "ean; ean + amount",
        "as blank counts: nothing, 'n/a'",
        "required, first: upper, ≥ 2 characters, ≤ 9 characters",
        "unique, ≤ 13 characters, whole cell matches [0-9]+",
        "barcode",
        "up to 7 digits and 2 decimals, ≥ 1, read as es-CO",
        "v7 … (20 values), 'v3' in new rows without a value",
    ):
        assert told in shown
    assert " number " in shown
    assert "'EUR' in new rows" in tolva("schema", "show", "products", TOLVA_DEFAULT_CURRENCY="EUR").out


def test_a_schema_from_document_to_table_and_template(tolva: Shell, tmp_path: Path):
    field = {"name": "code", "title": "Código", "constraints": {"required": True, "maxLength": 9}}
    document = {"name": "ventas", "target": "sales", "primaryKey": "code", "fields": [field]}
    path = tmp_path / "ventas.json"
    path.write_text(json.dumps(document))
    assert "tolva schema create ventas" in tolva("schema", "add", str(path)).out
    shown = tolva("schema", "show", "ventas")
    assert "sales, not there yet" in shown.out
    loaded = tolva("load", str(_csv(tmp_path)), "--schema", "ventas")
    assert (loaded.code, "is not there yet. Make it: tolva schema create ventas" in loaded.err) == (2, True)
    assert 'CREATE TABLE "sales"' in tolva("schema", "show", "ventas", "--ddl").out
    assert tolva("schema", "show", "ventas", "--json").json == document
    assert [s["name"] for s in tolva("schema", "ls", "--json").json] == ["products", "ventas"]
    template = tmp_path / "t.xlsx"
    assert tolva("schema", "template", "products", "--example", "--out", str(template)).code == 0
    assert template.read_bytes().startswith(b"PK")
    template.write_text("mine")
    refused = tolva("schema", "template", "products", "--out", str(template))
    assert (refused.code, template.read_text()) == (2, "mine")
    assert tolva("schema", "template", "products", "--out", str(template), "--force").code == 0
    assert [path.name for path in tmp_path.iterdir() if "t.xlsx" in path.name] == ["t.xlsx"]
    path.write_text("[]")
    assert "holds no JSON object" in tolva("schema", "add", str(path)).err
