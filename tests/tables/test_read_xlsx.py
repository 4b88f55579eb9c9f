import io
import re
import tempfile
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tolva.tables.reading as reading_module
from tests.tables.xls import Error, Time, xls
from tolva.errors import InvalidInput, TolvaError, TooLarge, UnreadableFile, UnsupportedFile
from tolva.tables.check import check
from tolva.tables.map import match_headers
from tolva.tables.reading import open_source, xlsx_scan
from tolva.tables.reading import sniff as sniff_module
from tolva.tables.reading.findings import NO_ROWS
from tolva.tables.reading.options import ReadOptions
from tolva.tables.reading.sniff import HEAD, FileKind, sniff
from tolva.tables.reading.source import Position, Source
from tolva.tables.reading.workbook import open_workbook
from tolva.tables.reading.xls_scan import error_cells
from tolva.tables.schema import Schema

Sheet = Any
Write = Callable[[Sheet, Any], None]
FIRST_SHEET = "xl/worksheets/sheet1.xml"


def workbook(path: Path, write: Write) -> Path:
    book = xlsxwriter.Workbook(str(path), {"nan_inf_to_errors": True})
    write(book.add_worksheet(), book)
    book.add_worksheet("ignored").write(0, 0, "other sheet")
    book.close()
    return path


def open_xlsx(path: Path) -> Source:
    return open_source(path, "xlsx", Path(tempfile.mkdtemp()))


def rows_of(source: Source, size: int = 100, at: Position | None = None) -> list[tuple[Any, ...]]:
    return [row for frame in source.frames(at, size) for row in frame.rows.drop("flaw", "more").rows()]


def column_of(tmp_path: Path, *values: Any, kind: str | None = None) -> list[str | None]:
    """One column's values as they come back; `kind` is an Excel number format."""

    def write(sheet: Sheet, book: Any) -> None:
        style = book.add_format({"num_format": kind}) if kind else None
        for row, value in enumerate(("h", *values)):
            sheet.write(row, 0, value, style)

    return [row[1] for row in rows_of(open_xlsx(workbook(tmp_path / "book", write)))]


def test_numbers_come_without_float_noise(tmp_path: Path) -> None:
    values = (1234.5, 12, 0.1 + 0.2, 19.99 * 100, 1e15, -0.07, 1 / 3)
    expected = ["1234.5", "12", "0.3", "1999", "1000000000000000", "-0.07", "0.333333333"]
    assert column_of(tmp_path, *values) == expected
    assert column_of(tmp_path, 1234.5, 0.25, kind='"$"#,##0.00') == ["1234.5", "0.25"]


def test_dates_come_as_iso_text(tmp_path: Path) -> None:
    values = (date(2026, 3, 4), datetime(2026, 3, 4, 5, 6, 7))
    assert column_of(tmp_path, *values, kind="dd/mm/yyyy") == ["2026-03-04 00:00:00", "2026-03-04 05:06:07"]


LONG = [
    (12345678901234.12, "12345678901234.12"),
    (-12345678.12, "-12345678.12"),
    (1234567890123.12, "1234567890123.12"),
    (1.234567890123457e18, "1234567890123457000"),
    (2.0**53, "9007199254740992"),
    (1e22, "10000000000000000000000"),
]


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
@pytest.mark.parametrize(("number", "shown"), LONG)
def test_a_long_number_has_no_digits_that_nobody_wrote(
    tmp_path: Path, kind: FileKind, number: float, shown: str
) -> None:
    code = "12345678901234.119140625"  # a text of the same digits stays
    table = [["a", "b"], ["x", "y"], ["z", number], ["u", code], [code, 0.1]]
    if kind == "xls":
        (tmp_path / "b").write_bytes(xls(table, first_column=2))
    else:
        workbook(tmp_path / "b", lambda sheet, _: [sheet.write_row(n, 2, cells) for n, cells in enumerate(table)])
    source = open_source(tmp_path / "b", kind, tmp_path, options=ReadOptions(sheet="2" if kind == "xls" else "1"))
    assert [row[1:] for row in rows_of(source)] == [("x", "y"), ("z", shown), ("u", code), (code, "0.1")]


@pytest.mark.parametrize(
    ("kind", "days", "shown"),
    [
        ("hh:mm", 0.354166666666667, "08:30:00"),
        ("h:mm AM/PM", 0, "00:00:00"),
        ("hh:mm:ss.0", 0.5 + 0.5 / 86_400, "12:00:00.500"),
        ("[h]:mm", 0.125, "03:00:00"),
        ("[hh]:mm:ss", 1.25, "30:00:00"),
        ("[mm]", 45_000.5, "1080012:00:00"),
        ("[h]:mm;[Red]-[h]:mm", -0.25, "-06:00:00"),
        ('yyyy-mm-dd "[h]"', 46_115.25, "2026-04-03 06:00:00"),
    ],
)
def test_a_time_of_day_or_a_duration_is_no_date(tmp_path: Path, kind: str, days: float, shown: str) -> None:
    assert column_of(tmp_path, days, "1899-12-30 08:30", kind=kind) == [shown, "1899-12-30 08:30"]


def test_a_duration_that_a_formula_gives_is_one(tmp_path: Path) -> None:
    def write(sheet: Sheet, book: Any) -> None:
        sheet.write_column(0, 0, ["h", "x"])
        sheet.write_formula(2, 0, "=1+A9", book.add_format({"num_format": "[h]:mm"}), 1.25)

    assert [row[1] for row in rows_of(open_xlsx(workbook(tmp_path / "b", write)))] == ["x", "30:00:00"]


def test_a_book_that_counts_from_1904_has_times_and_keeps_the_first_of_january(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "b"), {"date_1904": True}) as book:
        sheet, time = book.add_worksheet(), book.add_format({"num_format": "hh:mm"})
        sheet.write_column(0, 0, ["h", 0.25, 0, 1.25], time)
    shown = ["06:00:00", "1904-01-01 00:00:00", "1904-01-02 06:00:00"]
    assert [row[1] for row in rows_of(open_xlsx(tmp_path / "b"))] == shown


@pytest.mark.parametrize(("from_1904", "shown"), [(False, "00:00:00"), (True, "1904-01-01 00:00:00")])
def test_a_time_of_day_of_an_xls_is_no_date(tmp_path: Path, from_1904: bool, shown: str) -> None:
    table = [["code", "at"], ["A", Time(0.25)], ["B", Time(0)], ["C", 0.25]]
    (tmp_path / "b").write_bytes(xls(table, from_1904=from_1904))
    source = open_source(tmp_path / "b", "xls", tmp_path, options=ReadOptions(sheet="b"))
    assert rows_of(source) == [(2, "A", "06:00:00"), (3, "B", shown), (4, "C", "0.25")]


def test_text_keeps_its_zeros_and_its_spaces(tmp_path: Path) -> None:
    def write(sheet: Sheet, _: Any) -> None:
        for row, value in enumerate(("h", "00123", " x ", "ñ\n日")):
            sheet.write_string(row, 0, value)

    assert [row[1] for row in rows_of(open_xlsx(workbook(tmp_path / "b", write)))] == ["00123", " x ", "ñ\n日"]


def _table_in_mid_sheet(sheet: Sheet, _: Any) -> None:
    sheet.write_row(2, 3, [" Código ", "Nombre"])
    sheet.write_row(4, 3, ["A", "uno"])
    sheet.write_row(5, 3, ["   ", ""])
    sheet.write_row(7, 3, ["B", "dos"])


def test_a_table_in_mid_sheet_keeps_the_rows_that_the_user_sees(tmp_path: Path) -> None:
    source = open_xlsx(workbook(tmp_path / "b", _table_in_mid_sheet))
    assert source.headers == ("Código", "Nombre")
    assert rows_of(source) == [(5, "A", "uno"), (8, "B", "dos")]


def test_reading_resumes_after_any_frame(tmp_path: Path) -> None:
    source = open_xlsx(workbook(tmp_path / "b", _table_in_mid_sheet))
    first, second = source.frames(None, 1)
    assert (first.next, second.next) == (Position(5), Position(8))
    assert rows_of(source, at=first.next) == [(8, "B", "dos")]
    assert rows_of(source, at=second.next) == []


def test_error_cells_are_told_and_never_taken_for_blank_ones(tmp_path: Path, products: Schema) -> None:
    def write(sheet: Sheet, _: Any) -> None:
        sheet.write_row(1, 2, ["codigo", "nombre", "precio", "certificado_sanitario", "tiempo_entrega_dias"])
        sheet.write_row(2, 2, ["A", "uno", float("nan"), "C", 1])
        sheet.write_row(3, 2, ["B", "dos", 2.5, "C", 1])
        sheet.write_formula(3, 2, "=NA()", None, "#N/A")

    source = open_xlsx(workbook(tmp_path / "b", write))
    (frame,) = source.frames(None, 10)
    checked = check(frame, match_headers(source.headers, products), products)
    assert checked.errors["message"].to_list() == [
        'precio: "#NUM!" es un error de fórmula de la hoja de cálculo',
        'codigo: "#N/A" es un error de fórmula de la hoja de cálculo',
    ]
    assert checked.errors["row"].to_list() == [3, 4]


UNSOLVED = [
    b'<c r="A3"><f>5*2</f><v></v></c>',
    b'<c r="A3" s="1"><f>5*2</f><v/></c>',
    b'<c r="A3"><f>5*2</f><v /></c>',
    b"<c r='A3'><f>5*2</f></c>",
    b'<c r="A3" t="n"><f t="shared" si="0"/></c>',
    b'<c r="A3"><f t="shared" si="0"/><v/></c>',
    b'<x:c r="A3"><x:f>5*2</x:f><x:v></x:v></x:c>',
    b'<c r="A3">\n <f>5*2</f>\n <v></v>\n</c>',
]


@pytest.mark.parametrize("cell", UNSOLVED)
def test_a_formula_without_a_stored_result_is_an_error_and_not_blank(
    tmp_path: Path, products: Schema, cell: bytes
) -> None:
    def write(sheet: Sheet, _: Any) -> None:
        sheet.write_row(1, 0, ["precio", "codigo", "nombre", "certificado_sanitario", "tiempo_entrega_dias"])
        sheet.write_row(2, 0, [1.5, "A", "uno", "C", 1])

    path = workbook(tmp_path / "b", write)
    _rewritten(path, FIRST_SHEET, lambda data: data.replace(b'<c r="A3"><v>1.5</v></c>', cell))
    source = open_xlsx(path)
    (frame,) = source.frames(None, 10)
    checked = check(frame, match_headers(source.headers, products), products)
    assert checked.errors["code"].to_list() == ["formula"]
    assert "abra el archivo en Excel o LibreOffice, guárdelo" in checked.errors["message"][0]


@pytest.mark.parametrize(
    "cell",
    [
        b'<c r="A3" t="str"><f>""</f><v></v></c>',
        b'<c r="A3" t="str"><f>""</f></c>',
        b'<c r="A3"/>',
        b'<c r="A3" s="1"><v></v></c>',
    ],
)
def test_an_empty_result_is_blank(tmp_path: Path, cell: bytes) -> None:
    path = workbook(tmp_path / "b", lambda sheet, _: sheet.write_column(1, 0, ["h", 1.5, "x"]))
    _rewritten(path, FIRST_SHEET, lambda data: data.replace(b'<c r="A3"><v>1.5</v></c>', cell))
    assert rows_of(open_xlsx(path)) == [(4, "x")]


@pytest.mark.parametrize("small", [False, True])
def test_error_cells_of_an_xls_are_told_where_they_stand(tmp_path: Path, small: bool) -> None:
    table = [["code", "n", "on"], ["A", 1.5, True], ["B", Error(0x2A), False], [Error(0x07, of_formula=True), 2, True]]
    path = tmp_path / "book.xls"
    path.write_bytes(xls(table, first_row=3, first_column=2, small=small))
    source = open_source(path, "xls", tmp_path, options=ReadOptions(sheet="b"))
    assert rows_of(source) == [(5, "A", "1.5", "true"), (6, "B", "#N/A", "false"), (7, "#DIV/0!", "2", "true")]


@given(at=st.integers(0, 4000), byte=st.integers(0, 255), cut=st.integers(0, 6000))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_xls_is_scanned_to_an_end(tmp_path: Path, at: int, byte: int, cut: int) -> None:
    content = bytearray(xls([["code", Error(0x2A)]] * 9, small=at % 2 == 0))
    (tmp_path / "whole").write_bytes(content)
    assert len(list(error_cells(tmp_path / "whole", 1))) == 9
    content[at % len(content)] = byte
    (tmp_path / "damaged").write_bytes(content[:cut] if cut < 3000 else content)
    assert len(list(error_cells(tmp_path / "damaged", 1))) <= 9


def test_two_cells_in_far_corners_are_refused_before_the_grid_is_made(tmp_path: Path) -> None:
    def tall(sheet: Sheet, _: Any) -> None:
        sheet.write(0, 0, "a")
        sheet.write(1_048_575, 1_000, "b")

    def wide(sheet: Sheet, _: Any) -> None:
        sheet.write(0, 0, "a")
        sheet.write(0, 2_000, "b")

    with pytest.raises(TooLarge, match="1048576 filas por 1001 columnas"):
        open_xlsx(workbook(tmp_path / "tall", tall))
    with pytest.raises(TooLarge, match="1 filas por 2001 columnas"):
        open_xlsx(workbook(tmp_path / "wide", wide))


@pytest.mark.parametrize(
    "cells",
    [
        b"<row r='1'><c r='A1'><v>1</v></c></row><row r='1048576'><c r='ALL1048576'><v>1</v></c></row>",
        b'<row r="1"><c r="A1"><v>1</v></c><c r="ALL1"><v>2</v></c></row><row r="1048576"><c><v>1</v></c></row>',
        b'<row r="9"><c r="A1048576"><v>1</v></c><c r="ALL9"><v>2</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>',
    ],
)
def test_no_way_of_writing_far_corners_is_read(tmp_path: Path, cells: bytes) -> None:
    path = _rewritten(workbook(tmp_path / "b", _table_in_mid_sheet), FIRST_SHEET, lambda data: _with_cells(data, cells))
    with pytest.raises((TooLarge, UnreadableFile)):
        open_xlsx(path)


def _with_cells(data: bytes, cells: bytes) -> bytes:
    return re.sub(rb"<sheetData>.*</sheetData>", b"<sheetData>" + cells + b"</sheetData>", data)


@pytest.mark.parametrize(
    "cells", [b"x" * 3_000_000, b'<row r="0"><c r="A0"><v>1</v></c></row>', b'<row><c r="1"><v>1</v></c></row>']
)
def test_nonsense_in_a_sheet_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells: bytes) -> None:
    monkeypatch.setattr(xlsx_scan, "MAX_ROW", 1024**2)
    path = _rewritten(workbook(tmp_path / "b", _table_in_mid_sheet), FIRST_SHEET, lambda data: _with_cells(data, cells))
    with pytest.raises(UnreadableFile):
        open_workbook(path, "xlsx", tmp_path)


def test_formatted_but_empty_cells_do_not_count(tmp_path: Path) -> None:
    def write(sheet: Sheet, book: Any) -> None:
        bold = book.add_format({"bold": True})
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_row(1, 0, ["1", "2"])
        sheet.write_blank(0, 16_000, None, bold)
        sheet.write_blank(1_000_000, 0, None, bold)

    assert rows_of(open_xlsx(workbook(tmp_path / "b", write))) == [(2, "1", "2")]


@pytest.mark.parametrize("keep", [0.2, 0.6, 0.9])
def test_a_truncated_workbook_is_unreadable(tmp_path: Path, keep: float) -> None:
    path = workbook(tmp_path / "b", _table_in_mid_sheet)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(UnreadableFile, match="dañado"):
        open_xlsx(path)


def _rewritten(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """The workbook with one of its parts changed."""
    source, out = zipfile.ZipFile(path), io.BytesIO()
    with source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.namelist():
            data = source.read(entry)
            target.writestr(entry, change(data) if entry == name else data)
    path.write_bytes(out.getvalue())
    return path


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (FIRST_SHEET, lambda data: data[: len(data) // 2]),
        (FIRST_SHEET, lambda _: b"\xff\xfe\x00"),
        ("xl/sharedStrings.xml", lambda data: data[:100]),
        ("xl/workbook.xml", lambda data: re.sub(rb"<sheets>.*</sheets>", b"<sheets/>", data)),
        ("xl/_rels/workbook.xml.rels", lambda _: b"<Relationships/>"),
    ],
)
def test_a_workbook_with_a_broken_part_is_unreadable(
    tmp_path: Path, name: str, change: Callable[[bytes], bytes]
) -> None:
    path = _rewritten(workbook(tmp_path / "b", _table_in_mid_sheet), name, change)
    with pytest.raises(UnreadableFile):
        open_xlsx(path)


@pytest.mark.parametrize(
    "cells",
    [
        b'<row r="1"><c r="A1"><v>1</v></c><c r="' + b"A" * 100 + b'1"><v>1</v></c></row>',
        b'<row r="1"><c r="a1"><v>1</v></c></row><row r="1048576"><c r="xfd1048576"><v>1</v></c></row>',
        b'<row r="9"><c r="A9"><v>1</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>',
        b'<row r="1">' + b"<c><v>1</v></c>" * 3_000 + b'</row><row r="1048576"><c><v>1</v></c></row>',
    ],
    ids=["a column of 100 letters", "far corners in small letters", "rows upside down", "cells without a place"],
)
def test_references_that_the_parser_cannot_bear_do_not_end_this_process(tmp_path: Path, cells: bytes) -> None:
    path = _rewritten(workbook(tmp_path / "b", _table_in_mid_sheet), FIRST_SHEET, lambda data: _with_cells(data, cells))
    with pytest.raises((TooLarge, UnreadableFile)):
        open_xlsx(path)


def test_a_zip_bomb_is_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "b", _table_in_mid_sheet)
    _rewritten(path, FIRST_SHEET, lambda _: bytes(5 * 1024**2))
    monkeypatch.setattr(sniff_module, "RATIO_MATTERS", 1024**2)
    monkeypatch.setattr(reading_module, "open_workbook_apart", lambda *_: pytest.fail("it was opened"))
    with pytest.raises(TooLarge, match="5 MB"):
        open_xlsx(path)


def test_a_sheet_with_a_header_alone_is_told(tmp_path: Path) -> None:
    source = open_xlsx(workbook(tmp_path / "b", lambda sheet, _: sheet.write_row(0, 0, ["code", "price"])))
    assert (rows_of(source), source.findings.notes[1:]) == ([], (NO_ROWS,))


def test_an_empty_sheet_is_told(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "b")) as book:
        book.add_worksheet()
    with pytest.raises(UnreadableFile, match="está vacío: ninguna hoja"):
        open_xlsx(tmp_path / "b")


REAL: dict[str, tuple[tuple[int, ...], int] | type[TolvaError]] = {
    "any_sheets.ods": ((), 4),
    "any_sheets.xlsx": ((), 4),
    "date.ods": ((), 4),
    "date.xls": ((), 3),
    "date.xlsx": ((), 3),
    "date_1904.xlsx": ((), 3),
    "date_iso.xlsx": ((1,), 5),
    "empty_sheet.xlsx": UnreadableFile,
    "encoded_entities.xlsx": ((1,), 0),
    "errors.xlsx": ((1,), 6),
    "has_x000D_.xlsx": ((1,), 0),
    "header-row.xlsx": ((9,), 1),
    "inlineStr_cdata.xlsx": ((1,), 1),
    "inventory-table.xlsx": ((1,), 4),
    "issues.xlsx": ((1,), 5),
    "merge_cells.xlsx": ((1,), 1),
    "no-header.xlsx": ((), 2),
    "pass_protected.ods": UnreadableFile,
    "pass_protected.xlsx": UnreadableFile,
    "temperature-in-middle.xlsx": ((4,), 2),
    "too_small.xls": UnsupportedFile,
    "whitespace_trim.xlsx": ((1,), 2),
}
"""Header rows and data rows of each, or how it is refused."""


@pytest.mark.parametrize("name", REAL)
def test_real_spreadsheets_are_read_or_refused_rightly(real_files: Path, tmp_path: Path, name: str) -> None:
    found: tuple[tuple[int, ...], int] | type[TolvaError]
    try:
        kind = sniff((real_files / name).read_bytes()[:HEAD], name)
        source = open_source(real_files / name, kind, tmp_path)
        found = (source.findings.header_rows, sum(frame.rows.height for frame in source.frames(None, 2)))
    except TolvaError as error:
        found = type(error)
    assert found == REAL[name]


def test_dates_of_both_epochs_are_the_same_day(real_files: Path) -> None:
    first = {name: rows_of(open_xlsx(real_files / name))[0] for name in ("date.xlsx", "date_1904.xlsx")}
    assert set(first.values()) == {(1, "2021-01-01 00:00:00", "15")}


def test_merged_cells_and_hidden_rows_read_as_they_look_and_are_told(tmp_path: Path) -> None:
    def write(sheet: Sheet, _: Any) -> None:
        sheet.merge_range(0, 1, 0, 2, "Precio")
        sheet.write_row(1, 0, ["Código", "Neto", "Bruto"])
        sheet.merge_range(2, 0, 4, 0, "A1")
        for row in range(2, 6):
            sheet.write_row(row, 1, [row, row * 1.5])
        sheet.set_row(3, options={"hidden": True})

    source = open_xlsx(workbook(tmp_path / "b", write))
    assert source.findings.header_rows == (1, 2)
    assert source.headers == ("Código", "Precio Neto", "Precio Bruto")
    assert [row[:2] for row in rows_of(source)] == [(3, "A1"), (4, "A1"), (5, "A1"), (6, None)]
    assert "Las filas ocultas de la hoja también se leen: 4." in source.findings.notes


def test_a_sheet_can_be_chosen_by_name_or_number(tmp_path: Path) -> None:
    path = workbook(tmp_path / "b", _table_in_mid_sheet)
    chosen = [
        open_source(path, "xlsx", Path(tempfile.mkdtemp()), options=ReadOptions(sheet=s)) for s in ("ignored", "2")
    ]
    assert [source.headers for source in chosen] == [("other sheet",)] * 2
    with pytest.raises(InvalidInput, match='no tiene la hoja "3"'):
        open_source(path, "xlsx", tmp_path, options=ReadOptions(sheet="3"))


KNOWN = frozenset({"codigo", "precio", "nombre"})


def book_of(path: Path, sheets: dict[str, list[list[str]]], *hidden: str) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(rows):
                sheet.write_row(number, 0, cells)
            if name in hidden:
                sheet.hide()
    return path


@pytest.mark.parametrize(
    ("known", "hidden", "sheet", "read"),
    [
        (KNOWN, (), None, "Insumos"),
        (KNOWN, ("Insumos",), None, "Equipos"),
        (KNOWN, ("Insumos", "Equipos"), None, "Portada"),
        (KNOWN, (), "Portada", "Portada"),
        (frozenset({"sku"}), (), None, "Portada"),
        (frozenset[str](), (), None, "Portada"),
    ],
)
def test_a_cover_gives_way_to_the_first_shown_sheet_with_a_known_header(
    tmp_path: Path, known: frozenset[str], hidden: tuple[str, ...], sheet: str | None, read: str
) -> None:
    cover = [["Lista de precios"], [], ["Preparado por: Ana"]]
    table = [["Código", "Nombre", "Precio"], ["A", "uno", "1"]]
    path = book_of(tmp_path / "b", {"Portada": cover, "Vacía": [], "Insumos": table, "Equipos": table}, *hidden)
    source = open_source(path, "xlsx", tmp_path, known=known, options=ReadOptions(sheet=sheet))
    assert source.findings.sheet == read
    others = [name for name in ("Portada", "Vacía", "Insumos", "Equipos") if name != read]
    told = f'Se lee la hoja "{read}"; el libro tiene además: {", ".join(others)}.'
    assert (told in source.findings.notes) == (sheet is None)


@pytest.mark.parametrize(
    ("others", "told"),
    [(("Instrucciones", "Valores"), 0), (("Valores",), 1), (("Instrucciones", "Valores", "Marzo"), 1)],
)
def test_the_sheets_of_a_template_itself_are_no_remark(tmp_path: Path, others: tuple[str, ...], told: int) -> None:
    path = book_of(tmp_path / "b", {"Productos": [["Código"], ["A"]]} | {name: [["x"]] for name in others})
    assert len(open_source(path, "xlsx", tmp_path, known=KNOWN).findings.notes) == told


def test_a_first_sheet_with_a_known_header_is_read_whatever_the_others_have(tmp_path: Path) -> None:
    few, more = [["Código", "Precio"], ["A", "1"]], [["Código", "Nombre", "Precio"], ["B", "uno", "2"]]
    path = book_of(tmp_path / "b", {"few": few, "more": more})
    assert open_source(path, "xlsx", tmp_path, known=KNOWN).findings.sheet == "few"


def test_a_damaged_sheet_below_a_cover_does_not_matter(tmp_path: Path) -> None:
    path = book_of(tmp_path / "b", {"Portada": [["Lista de precios"]], "Datos": [["Código", "Precio"], ["A", "1"]]})
    _rewritten(path, "xl/worksheets/sheet2.xml", lambda data: data[: len(data) // 2])
    assert open_source(path, "xlsx", tmp_path, known=KNOWN).findings.sheet == "Portada"


def test_rows_whose_names_have_a_prefix_are_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As some programs write them."""
    rows = b"".join(b'<x:row r="%d"><x:c r="A%d"><x:v>1</x:v></x:c></x:row>' % (n, n) for n in range(1, 3000))
    path = _rewritten(workbook(tmp_path / "b", _table_in_mid_sheet), FIRST_SHEET, lambda data: _with_cells(data, rows))
    monkeypatch.setattr(xlsx_scan, "BLOCK", 4096)
    monkeypatch.setattr(xlsx_scan, "MAX_ROW", 8192)
    with zipfile.ZipFile(path) as archive:
        assert xlsx_scan.scan_sheet(archive, 0).rows == 2999
