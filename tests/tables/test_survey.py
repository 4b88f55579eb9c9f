from pathlib import Path

import polars as pl
import pytest

from tolva.tables import survey as survey_module
from tolva.tables.document import load_schema
from tolva.tables.map import match_headers
from tolva.tables.reading import csv_source, open_source
from tolva.tables.schema import Schema
from tolva.tables.survey import Survey, survey

HEADER = "codigo,nombre,precio,certificado_sanitario,tiempo_entrega_dias\n"


def surveyed(path: Path, schema: Schema, *codes: str) -> Survey:
    path.write_text(HEADER + "".join(f"{code},N,1,C,1\n" for code in codes))
    source = open_source(path, "csv", path.parent)
    return survey(source, match_headers(source.headers, schema), schema)


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_rows_that_repeat_a_key_are_found_across_frames(
    tmp_path: Path, products: Schema, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(survey_module, "ROWS", rows)
    monkeypatch.setattr(csv_source, "BLOCK", 64)
    found = surveyed(tmp_path / "f", products, "A", "B", " A ", "", "a", "", "B", "A", "01", "1")
    assert (found.total, found.repeated.to_list()) == (10, [4, 8, 9])
    assert found.repeated_in(pl.Series([2, 4, 5, 9], dtype=pl.Int64)) == 2
    assert found.alike == {2, 3, 4, 8, 9}


def test_a_file_without_rows_has_none(tmp_path: Path, products: Schema) -> None:
    found = surveyed(tmp_path / "f", products)
    assert (found.total, found.repeated.len(), found.repeated_in(pl.Series([2]))) == (0, 0, 0)


def test_a_file_in_which_no_key_repeats_has_no_rows_alike(tmp_path: Path, products: Schema) -> None:
    assert surveyed(tmp_path / "f", products, "A", "B").alike == frozenset()


def test_a_damaged_or_ragged_row_repeats_nothing(tmp_path: Path, products: Schema) -> None:
    found = surveyed(tmp_path / "f", products, "A", "A,N,1,C,1", "A")
    assert (found.total, found.repeated.to_list()) == (3, [4])


STOCK = load_schema(
    {
        "target": "stock",
        "primaryKey": ["code"],
        "missingValues": ["", "n/d"],
        "fields": [
            {"name": "code", "constraints": {"required": True, "maxLength": 40}},
            {"name": "name"},
            {"name": "amount", "type": "integer"},
        ],
    }
)
RECORDS = "A1,uno,1\nA2,,2\nA3,tres,\n"


def told(path: Path, text: str, schema: Schema = STOCK) -> str | None:
    (path / "f").write_text(text)
    source = open_source(path / "f", "csv", path)
    return survey(source, match_headers(source.headers, schema), schema).key_only


@pytest.mark.parametrize("rows", [1, 100])
def test_rows_that_fill_their_key_alone_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(survey_module, "ROWS", rows)
    assert told(tmp_path, f"code,name,amount,other\nBEBIDAS,,,\n{RECORDS}TOTAL,n/d, ,x\n,solo,,\n") == (
        '2 filas (2, 6) solo tienen "code", y se tratan como las demás. Si son títulos, totales u observaciones,'
        " quítelos del archivo."
    )
    one = told(tmp_path, f"code,name,amount\n{RECORDS}TOTAL,,\n")
    assert one and one.startswith('La fila 5 solo tiene "code", y se trata como')


def test_only_the_first_of_many_rows_that_fill_their_key_alone_are_named(tmp_path: Path) -> None:
    titles = "".join(f"T{n},,\n" for n in range(12))
    note = told(tmp_path, f"code,name,amount\n{RECORDS * 4}{titles}")
    assert note and note.startswith("12 filas (14, 15, 16, 17, 18, 19, 20, 21, 22, 23 …) solo")


@pytest.mark.parametrize(
    "text",
    [
        f"code,name,amount\n{RECORDS}",
        f"code,name,amount\n{RECORDS}T1,,\nT2,,\nT3,,\nT4,,\n",
        "code\nA1\nA2\n",
        f"code,name,amount\n{RECORDS},,\n",
    ],
    ids=["no such row", "most are like that", "no other column", "not even a key"],
)
def test_rows_that_are_like_the_others_are_not_told(tmp_path: Path, text: str) -> None:
    assert told(tmp_path, text) is None


def test_a_row_that_the_schema_refuses_for_what_it_lacks_is_not_told_twice(tmp_path: Path, products: Schema) -> None:
    assert told(tmp_path, f"{HEADER}A,N,1,C,1\nB,N,1,C,1\nTOTAL,,,,\n", products) is None
