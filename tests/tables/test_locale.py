"""What could mean two things is read by the column or by the locale, and never guessed."""

import re
import tempfile
import zipfile
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from babel.localedata import locale_identifiers
from babel.numbers import get_decimal_symbol

from tests.tables.conftest import undecided
from tests.tables.xls import xls
from tolva.tables.check import Checked, check
from tolva.tables.document import load_schema
from tolva.tables.locale import Clues, signs_of
from tolva.tables.map import known_names, match_headers
from tolva.tables.reading import json_file, open_source
from tolva.tables.reading.options import ReadOptions
from tolva.tables.reading.sniff import FileKind
from tolva.tables.reading.source import Frame
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
        ("ES_mx", ["1,234", "1.234"], [Decimal(1234), Decimal("1.234")], []),
        ("es-CO", ["1.234", "0.5"], [Decimal("1.234"), Decimal("0.5")], []),
    ],
)
def test_numbers(
    tmp_path: Path, locale: str | None, cells: list[str], expected: list[Decimal], codes: list[str]
) -> None:
    found, values, errors = read(tmp_path, replace(SALES, locale=locale), "price", *cells)
    assert (values, errors) == (expected, codes)
    contradicted = len({"," in cell for cell in cells if "0" in cell}) == 2
    assert undecided(found) == (("price",) if codes or contradicted else ())


@pytest.mark.parametrize(
    ("locale", "cells", "expected", "codes"),
    [
        (None, ["03/04/2026", "25/04/2026"], [date(2026, 4, 3), date(2026, 4, 25)], []),
        (None, ["03/04/2026", "04/25/2026"], [date(2026, 3, 4), date(2026, 4, 25)], []),
        (None, ["03/04/2026", "5/5/2026"], [date(2026, 5, 5)], ["ambiguous"]),
        ("pt-BR", ["03/04/2026"], [date(2026, 4, 3)], []),
        ("en-US", ["03/04/2026"], [date(2026, 3, 4)], []),
        ("en_US", ["03/04/2026"], [date(2026, 3, 4)], []),
        ("EN-us", ["03/04/2026"], [date(2026, 3, 4)], []),
        ("en-GB", ["03/04/2026"], [date(2026, 4, 3)], []),
        ("es_US", ["03/04/2026"], [date(2026, 4, 3)], []),
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


def book_of(path: Path, cells: list[Any], kind: str) -> None:
    """A workbook with a column of these cells, away from the corner."""
    rows: list[list[Any]] = [["code", "price"], *([f"C{row}", cell] for row, cell in enumerate(cells))]
    if kind == "xls":
        path.write_bytes(xls(rows, first_row=1, first_column=2))
    elif kind == "ods":
        ods_of(path, rows)
    else:
        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet()
            for row, values in enumerate(rows, start=1):
                sheet.write_row(row, 2, values)


def ods_of(path: Path, rows: list[list[Any]]) -> None:
    cells = [
        [
            f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
            if isinstance(value, str)
            else "<table:table-cell/>"
            if value is None
            else f'<table:table-cell office:value-type="float" office:value="{value}"/>'
            for value in row
        ]
        for row in rows
    ]
    written = "".join(f"<table:table-row><table:table-cell/>{''.join(row)}</table:table-row>" for row in cells)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", f'<sheets><table:table table:name="s">{written}</table:table></sheets>')


def prices_of(path: Path, kind: FileKind, schema: Schema, sheet: str | None = None) -> tuple[Survey, Checked]:
    """The survey of a stored file, and what is found in its column of prices."""
    scratch, options = Path(tempfile.mkdtemp(dir=path.parent)), ReadOptions(sheet=sheet)
    source = open_source(path, kind, scratch, known=known_names(schema), options=options)
    mapping = match_headers(source.headers, schema)
    found = survey(source, mapping, schema)
    frames = list(source.frames(None, 100))
    whole = Frame(pl.concat(frame.rows for frame in frames), frames[-1].next)
    return found, check(whole, mapping, schema, found.signs)


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
@pytest.mark.parametrize(
    ("locale", "cells", "expected", "codes"),
    [
        (None, [1.234, 2.5], [Decimal("1.234"), Decimal("2.5")], []),
        (None, ["1.234", "2,5"], [Decimal(1234), Decimal("2.5")], []),
        (None, ["1.234", 2.5, 7, 1.234], [Decimal("2.5"), Decimal(7), Decimal("1.234")], ["ambiguous"]),
        (None, [1.234, "2,5"], [Decimal("1.234"), Decimal("2.5")], []),
        (None, [1.234, "2,5", "1.234"], [Decimal("1.234"), Decimal("2.5"), Decimal(1234)], []),
        ("es-CO", [7.777, "1.234", 0.5], [Decimal("7.777"), Decimal(1234), Decimal("0.5")], []),
        ("es-MX", [7.777, "1,234"], [Decimal("7.777"), Decimal(1234)], []),
        ("es-CO", [-7.777, "n/d", "1.234"], [Decimal("-7.777"), Decimal(1234)], ["type"]),
    ],
)
def test_a_number_of_a_workbook_is_itself_and_no_clue_to_the_texts_beside_it(
    tmp_path: Path, kind: FileKind, locale: str | None, cells: list[Any], expected: list[Decimal], codes: list[str]
) -> None:
    book_of(tmp_path / "b", cells, kind)
    found, checked = prices_of(tmp_path / "b", kind, replace(SALES, locale=locale), "b" if kind == "xls" else None)
    assert (checked.good["price"].to_list(), checked.errors["code"].to_list()) == (expected, codes)
    assert undecided(found) == (("price",) if "ambiguous" in codes else ())


def test_a_number_that_is_merged_downwards_is_one_in_each_of_its_rows(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "b")) as book:
        sheet = book.add_worksheet()
        sheet.write_column(0, 0, ["code", "A", "B", "C"])
        sheet.write(0, 1, "price")
        sheet.merge_range(1, 1, 2, 1, 1.234)
        sheet.write(3, 1, "1.234")
    _, checked = prices_of(tmp_path / "b", "xlsx", replace(SALES, locale="es-CO"))
    assert checked.good["price"].to_list() == [Decimal("1.234"), Decimal("1.234"), Decimal(1234)]


@pytest.mark.parametrize("beside", ["8h", 3, True])
def test_durations_beside_other_kinds_are_no_damage(tmp_path: Path, beside: Any) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "b")) as book:
        sheet, hours = book.add_worksheet(), book.add_format({"num_format": "[h]:mm"})
        sheet.write_row(0, 0, ["time", "price"])
        sheet.write(1, 1, 1.234)
        sheet.write(1, 0, 0.125, hours)
        sheet.write_row(2, 0, [beside, "1.234"])
    source = open_source(tmp_path / "b", "xlsx", tmp_path)
    times, prices = ([] if isinstance(rows, str) else rows.to_list() for rows in source.numbers([0, 1]))
    assert (times, prices) == ([] if beside == "8h" else [3], [2])


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_a_number_of_a_workbook_keeps_its_row_below_blank_ones(tmp_path: Path, kind: FileKind) -> None:
    rows = [["code", "price"], [None, None], [None, None], ["A", "1.234"], [None, None], ["B", 1.234], ["C", "1.234"]]
    if kind == "xls":
        (tmp_path / "b").write_bytes(xls(rows, first_row=3))
    elif kind == "ods":
        ods_of(tmp_path / "b", rows)
    else:
        with xlsxwriter.Workbook(str(tmp_path / "b")) as book:
            sheet = book.add_worksheet()
            for row, values in enumerate(rows, start=3):
                sheet.write_row(row, 0, values)
    schema = replace(SALES, locale="es-CO")
    _, checked = prices_of(tmp_path / "b", kind, schema, "b" if kind == "xls" else None)
    assert checked.good["price"].to_list() == [Decimal(1234), Decimal("1.234"), Decimal(1234)]


def test_a_number_of_a_workbook_keeps_its_place_when_the_file_is_read_in_parts(tmp_path: Path) -> None:
    book_of(tmp_path / "b", [1.234, "1.234"] * 30, "xlsx")
    schema = replace(SALES, locale="es-CO")
    source = open_source(tmp_path / "b", "xlsx", tmp_path)
    mapping = match_headers(source.headers, schema)
    signs = survey(source, mapping, schema).signs
    parts = [check(frame, mapping, schema, signs).good["price"] for frame in source.frames(None, 7)]
    assert pl.concat(parts).to_list() == [Decimal("1.234"), Decimal(1234)] * 30


def test_a_key_that_is_a_number_repeats_none_that_is_a_text(tmp_path: Path) -> None:
    document = {"name": "x", "title": "x", "target": "x", "locale": "es-CO", "primaryKey": ["price"]}
    rules = {"required": True}
    schema = load_schema(
        {**document, "fields": [{"name": "price", "type": "number", "precision": 9, "scale": 3, "constraints": rules}]}
    )
    book_of(tmp_path / "b", [1.234, "1.234", 1234, "1,234"], "xlsx")
    found, checked = prices_of(tmp_path / "b", "xlsx", schema)
    assert checked.good["price"].to_list() == [Decimal("1.234"), Decimal(1234), Decimal(1234), Decimal("1.234")]
    assert found.repeated.to_list() == [5, 6]


def test_a_date_of_a_workbook_is_itself_and_no_clue_to_the_texts_beside_it(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "b")) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["code", "day"])
        sheet.write_column(1, 0, ["A", "B"])
        sheet.write_datetime(1, 1, datetime(2026, 12, 25), book.add_format({"num_format": "mm/dd/yyyy"}))
        sheet.write(2, 1, "03/04/2026")
    _, checked = prices_of(tmp_path / "b", "xlsx", replace(SALES, locale="es-CO"))
    assert checked.good["day"].to_list() == [date(2026, 12, 25), date(2026, 4, 3)]
    assert prices_of(tmp_path / "b", "xlsx", SALES)[1].errors["code"].to_list() == ["ambiguous"]


def test_a_number_of_json_is_itself_and_no_clue_to_the_texts_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_file, "ROWS", 2)
    prices = ["1.234", "2", "7.5", '"1.234"', '"n/d"', "7.777"]
    records = ", ".join(f'{{"code": "C{number}", "price": {price}}}' for number, price in enumerate(prices))
    (tmp_path / "a").write_text(f"[{records}]")
    found, checked = prices_of(tmp_path / "a", "json", replace(SALES, locale="es-CO"))
    assert [str(price) for price in checked.good["price"]] == ["1.234", "2.000", "7.500", "1234.000", "7.777"]
    assert checked.errors["row"].to_list() == [5]
    assert undecided(found) == ()
    assert undecided(prices_of(tmp_path / "a", "json", SALES)[0]) == ("price",)


def test_a_column_of_json_that_holds_numbers_alone_has_a_point(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('[{"code": "A", "price": 1.234}, {"code": "B"}]')
    source = open_source(tmp_path / "a", "json", tmp_path)
    assert [str(numbers) if isinstance(numbers, str) else numbers.to_list() for numbers in source.numbers([0, 1])] == [
        [],
        "all",
    ]
    assert survey(source, match_headers(source.headers, SALES), SALES).signs["price"].decimal == "."


def test_what_is_no_date_tells_nothing_of_the_others() -> None:
    clues = Clues().of_dates(pl.Series(["03/04/2026", "13/13/2026"]))
    assert clues == Clues(either_first=True)
    assert clues.signs(signs_of("es-ES")).order == "dmy"


@pytest.mark.parametrize("language", ["en", "es", "pt"])
def test_decimals_are_as_those_who_write_a_language_in_a_country_have_them(language: str) -> None:
    """As Babel knows them; but not for Spanish in Brazil, which has no sign of its own there."""
    written = [name for name in locale_identifiers() if re.fullmatch(rf"{language}(_[A-Z]{{2}})?", name)]
    told = {name: signs_of(name).decimal for name in written if name != "es_BR"}
    assert told == {name: get_decimal_symbol(name) for name in told}
