"""Columns of integers whose cells mean two things: thousands where they cannot be anything else, else refused."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tables.conftest import separated, undecided
from tolva.tables.check import Checked, check
from tolva.tables.document import load_schema
from tolva.tables.map import match_headers
from tolva.tables.reading import open_source
from tolva.tables.schema import Schema
from tolva.tables.survey import Survey, survey

STOCK = load_schema(
    {
        "target": "stock",
        "primaryKey": ["code"],
        "fields": [
            {"name": "code", "constraints": {"required": True, "maxLength": 20}},
            {"name": "pieces", "type": "integer"},
            {"name": "sold", "type": "integer"},
            {"name": "price", "type": "number", "precision": 12, "scale": 3},
        ],
    }
)
NAMES = ("pieces", "sold", "price")


def read(path: Path, columns: dict[str, list[str]], schema: Schema = STOCK) -> tuple[Survey, Checked]:
    """The survey of a CSV with these columns, and what is found in its rows."""
    rows = zip(*columns.values(), strict=True)
    lines = [f"{n}," + ",".join(f'"{cell}"' for cell in row) for n, row in enumerate(rows)]
    (path / "a.csv").write_text("\n".join([",".join(["code", *columns]), *lines]) + "\n")
    return judged(path, "csv", schema)


def judged(path: Path, kind: Any, schema: Schema = STOCK) -> tuple[Survey, Checked]:
    source = open_source(path / f"a.{kind}", kind, path)
    mapping = match_headers(source.headers, schema)
    found = survey(source, mapping, schema)
    (frame,) = source.frames(None, 1000)
    return found, check(frame, mapping, schema, found.signs)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1.622", "18.336", "300"], [1622, 18336, 300]),
        (["1,622", "1,000", "-7"], [1622, 1000, -7]),
        (["1.000", "12.001"], [1000, 12001]),
        (["1.000", "2.000", "7"], [7]),
        (["1.622", "1,622", "7"], [7]),
        (["1.622", "1.5", "7"], [7]),
        (["1.622", "7,5", "7"], [1622, 7]),
    ],
)
def test_a_sign_that_would_make_fractions_separates_thousands(
    tmp_path: Path, cells: list[str], expected: list[int]
) -> None:
    found, checked = read(tmp_path, {"pieces": cells})
    assert checked.good["pieces"].to_list() == expected
    assert separated(found) == (("pieces",) if len(expected) == len(cells) else ())


@pytest.mark.parametrize(
    ("pieces", "price", "sold", "expected"),
    [
        ("12.000", "62.778,50", "1", 12000),
        ("12,000", "62,778.50", "1", 12000),
        ("1.622", "0,5", "1", 1622),
        ("1.622", "0.5", "1", None),
        ("12.000", "0.5", "1", None),
        ("12.000", "1.234", "1", None),
        ("1.622", "7", "1,622", None),
    ],
)
def test_it_is_as_the_clear_columns_of_the_file_write(
    tmp_path: Path, pieces: str, price: str, sold: str, expected: int | None
) -> None:
    found, checked = read(tmp_path, {"pieces": [pieces], "price": [price], "sold": [sold]})
    assert checked.good["pieces"].to_list() == ([] if expected is None else [expected])
    assert ("pieces" in separated(found), "pieces" in undecided(found)) == (expected is not None, expected is None)


def test_columns_that_contradict_each_other_tell_nothing(tmp_path: Path) -> None:
    found, _ = read(tmp_path, {"pieces": ["1.622", "7"], "price": ["0.5", "0,5"]})
    assert "pieces" in undecided(found)


def test_a_locale_comes_first(tmp_path: Path) -> None:
    found, checked = read(tmp_path, {"pieces": ["1.622", "7"]}, replace(STOCK, locale="es-MX"))
    assert (checked.good["pieces"].to_list(), separated(found), undecided(found)) == ([7], (), ())


def test_numbers_by_their_kind_tell_nothing_of_texts(tmp_path: Path) -> None:
    rows = [{"code": "A", "pieces": "12.000", "price": 0.5}, {"code": "B", "pieces": 7, "price": 62778.55}]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    assert undecided(judged(tmp_path, "json")[0]) == ("pieces",)
    rows[0]["pieces"] = "1.622"
    (tmp_path / "a.json").write_text(json.dumps(rows))
    found, checked = judged(tmp_path, "json")
    assert (separated(found), checked.good["pieces"].to_list()) == (("pieces",), [1622, 7])


CELLS = st.one_of(
    st.integers(-(10**7), 10**7).map(str),
    st.integers(-(10**7), 10**7).map(lambda n: f"{n:,}"),
    st.integers(-(10**7), 10**7).map(lambda n: f"{n:,}".replace(",", ".")),
    st.decimals(-(10**4), 10**4, places=3).map(str),
    st.sampled_from(["1.5", "0,5", "1.000", "2,000", "1.234,5", "x", ""]),
)


def meanings(cell: str) -> set[str]:
    """What a cell can mean, as plain numbers: with each of its signs for decimals, or with none."""
    bare = re.sub("[.,]", "", cell)
    return {bare, cell.replace(".", "").replace(",", "."), cell.replace(",", "")}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6))
def test_a_column_is_read_with_one_sign_or_refused(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    columns = {name: [row[n] for row in rows] for n, name in enumerate(NAMES)}
    found, checked = read(tmp_path, columns)
    assert "price" not in separated(found)
    for name in NAMES:
        signs = {",", "."} & set("".join(columns[name]))
        if name in separated(found):
            assert len(signs) == 1
            assert all(re.fullmatch(r"-?[0-9]{1,3}([.,][0-9]{3})*|-?[0-9]*|x", cell) for cell in columns[name])
    for row in checked.good.rows(named=True):
        cells = dict(zip(NAMES, rows[row["row"] - 2], strict=True))
        for name in NAMES:
            if row[name] is not None:
                assert row[name] in {Decimal(each) for each in meanings(cells[name]) if _is_number(each)}


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) is not None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=8), sign=st.sampled_from([".", ","]))
def test_integers_with_separated_thousands_are_read_back_or_refused_as_a_column(
    tmp_path: Path, numbers: list[int], sign: str
) -> None:
    found, checked = read(tmp_path, {"pieces": [f"{number:,}".replace(",", sign) for number in numbers]})
    read_back = checked.good["pieces"].to_list()
    assert read_back == (numbers if "pieces" not in undecided(found) else [n for n in numbers if abs(n) < 1000])
