"""What could mean two things is read by the column or by the locale, and never guessed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from tolva.tables.check import check
from tolva.tables.document import load_schema
from tolva.tables.locale import Clues, signs_of
from tolva.tables.map import match_headers
from tolva.tables.reading import open_source
from tolva.tables.schema import Schema
from tolva.tables.survey import Survey, survey

SALES = load_schema(
    {
        "target": "sales",
        "primaryKey": ["code"],
        "fields": [
            {"name": "code", "constraints": {"required": True, "maxLength": 20}},
            {"name": "price", "type": "number", "precision": 12, "scale": 3},
            {"name": "day", "type": "date"},
            {"name": "seen", "type": "datetime"},
            {"name": "open", "type": "boolean"},
        ],
    }
)


def read(path: Path, schema: Schema, header: str, *cells: str) -> tuple[Survey, list[Any], list[str]]:
    """The survey, the values of the column and the codes of its errors."""
    lines = "".join(f'{n},"{cell}"\n' for n, cell in enumerate(cells))
    (path / "a.csv").write_text(f"code,{header}\n{lines}")
    source = open_source(path / "a.csv", "csv", path)
    mapping = match_headers(source.headers, schema)
    found = survey(source, mapping, schema)
    (frame,) = source.frames(None, 100)
    checked = check(frame, mapping, schema, found.signs)
    return found, checked.good[header].to_list(), checked.errors["code"].to_list()


@pytest.mark.parametrize(
    ("locale", "cells", "expected", "codes"),
    [
        (None, ["1,234", "12,5"], [Decimal("1.234"), Decimal("12.5")], []),
        (None, ["1,234", "12.5"], [Decimal(1234), Decimal("12.5")], []),
        (None, ["1.234", "0,5", "1.234.567,8"], [Decimal(1234), Decimal("0.5"), Decimal("1234567.8")], []),
        (None, ["1.234", "7"], [Decimal(7)], ["ambiguous"]),
        (None, ["1.234", "0,5", "0.5"], [Decimal("0.5"), Decimal("0.5")], ["ambiguous"]),
        ("es-CO", ["1.234", "7"], [Decimal(1234), Decimal(7)], []),
        ("es-MX", ["1,234", "1.234"], [Decimal(1234), Decimal("1.234")], []),
        ("es-CO", ["1.234", "0.5"], [Decimal("1.234"), Decimal("0.5")], []),
    ],
)
def test_numbers(
    tmp_path: Path, locale: str | None, cells: list[str], expected: list[Decimal], codes: list[str]
) -> None:
    found, values, errors = read(tmp_path, replace(SALES, locale=locale), "price", *cells)
    assert (values, errors) == (expected, codes)
    contradicted = len({"," in cell for cell in cells if "0" in cell}) == 2
    assert found.undecided == (("price",) if codes or contradicted else ())


@pytest.mark.parametrize(
    ("locale", "cells", "expected", "codes"),
    [
        (None, ["03/04/2026", "25/04/2026"], [date(2026, 4, 3), date(2026, 4, 25)], []),
        (None, ["03/04/2026", "04/25/2026"], [date(2026, 3, 4), date(2026, 4, 25)], []),
        (None, ["03/04/2026", "5/5/2026"], [date(2026, 5, 5)], ["ambiguous"]),
        ("pt-BR", ["03/04/2026"], [date(2026, 4, 3)], []),
        ("en-US", ["03/04/2026"], [date(2026, 3, 4)], []),
        ("en-US", ["03/04/2026", "25/04/2026"], [date(2026, 4, 3), date(2026, 4, 25)], []),
    ],
)
def test_dates(tmp_path: Path, locale: str | None, cells: list[str], expected: list[date], codes: list[str]) -> None:
    _, values, errors = read(tmp_path, replace(SALES, locale=locale), "day", *cells)
    assert (values, errors) == (expected, codes)


def test_times_without_a_zone_are_those_of_the_schema(tmp_path: Path) -> None:
    cells = ["2026-01-02 10:00", "2026-01-02T10:00:00Z", "25/01/2026 7:30:15", "2026-01-02 25:00", "2026-01-02"]
    _, values, errors = read(tmp_path, replace(SALES, timezone="America/Bogota"), "seen", *cells)
    assert [value.isoformat() for value in values] == [
        "2026-01-02T15:00:00+00:00",
        "2026-01-02T10:00:00+00:00",
        "2026-01-25T12:30:15+00:00",
        "2026-01-02T05:00:00+00:00",
    ]
    assert errors == ["type"]


def test_yes_and_no_in_three_languages(tmp_path: Path) -> None:
    _, values, errors = read(tmp_path, SALES, "open", "sí", "Não", "YES", "falso", "quizás")
    assert (values, errors) == ([True, False, True, False], ["type"])


@pytest.mark.parametrize(
    ("cells", "expected", "codes"),
    [
        ([1.234, 2.5], [Decimal("1.234"), Decimal("2.5")], []),
        (["1.234", "2,5"], [Decimal(1234), Decimal("2.5")], []),
        (["1.234", 2.5, 7], [Decimal("2.5"), Decimal(7)], ["ambiguous"]),
        ([1.234, "2,5"], [Decimal("2.5")], ["ambiguous"]),
    ],
)
def test_a_number_of_a_workbook_is_no_clue_to_its_texts(
    tmp_path: Path, cells: list[Any], expected: list[Decimal], codes: list[str]
) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "b")) as book:
        sheet = book.add_worksheet()
        sheet.write_row(1, 2, ["code", "price"])
        for row, cell in enumerate(cells, start=2):
            sheet.write_row(row, 2, [f"C{row}", cell])
    source = open_source(tmp_path / "b", "xlsx", tmp_path)
    mapping = match_headers(source.headers, SALES)
    found = survey(source, mapping, SALES)
    (frame,) = source.frames(None, 100)
    checked = check(frame, mapping, SALES, found.signs)
    assert (checked.good["price"].to_list(), checked.errors["code"].to_list()) == (expected, codes)


def test_numbers_of_json_are_no_clue_to_its_texts(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('[{"code": "A", "price": 1.234}, {"code": "B", "price": 2}]')
    source = open_source(tmp_path / "a", "json", tmp_path)
    assert source.numbers([0, 1]) == ["some", "all"]
    assert survey(source, match_headers(source.headers, SALES), SALES).signs["price"].decimal == "."


def test_what_is_no_date_tells_nothing_of_the_others() -> None:
    clues = Clues().of_dates(pl.Series(["03/04/2026", "13/13/2026"]))
    assert clues == Clues(either_first=True)
    assert clues.signs(signs_of("es-ES")).order == "dmy"
