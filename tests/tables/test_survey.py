from pathlib import Path

import polars as pl
import pytest

from tolva.tables import survey as survey_module
from tolva.tables.map import match_headers
from tolva.tables.reading import csv_file, open_source
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
    monkeypatch.setattr(csv_file, "BLOCK", 64)
    found = surveyed(tmp_path / "f", products, "A", "B", " A ", "", "a", "", "B", "A", "01", "1")
    assert (found.total, found.repeated.to_list()) == (10, [4, 8, 9])
    assert found.repeated_in(pl.Series([2, 4, 5, 9], dtype=pl.Int64)) == 2


def test_a_file_without_rows_has_none(tmp_path: Path, products: Schema) -> None:
    found = surveyed(tmp_path / "f", products)
    assert (found.total, found.repeated.len(), found.repeated_in(pl.Series([2]))) == (0, 0, 0)


def test_a_damaged_or_ragged_row_repeats_nothing(tmp_path: Path, products: Schema) -> None:
    found = surveyed(tmp_path / "f", products, "A", "A,N,1,C,1", "A")
    assert (found.total, found.repeated.to_list()) == (3, [4])
