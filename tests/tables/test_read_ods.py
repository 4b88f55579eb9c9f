import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tolva.errors import TooLarge, UnreadableFile
from tolva.tables.check import check
from tolva.tables.map import match_headers
from tolva.tables.reading import ods_scan, open_source
from tolva.tables.reading.ods_scan import scan_content
from tolva.tables.reading.options import ReadOptions
from tolva.tables.reading.source import Source
from tolva.tables.schema import Schema

MANIFEST = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
LIBRE = 'office:value-type="string" office:string-value="" calcext:value-type="error"'
EXCEL = 'office:value-type="error"'
OPEN_OFFICE = 'office:value-type="float" office:value="0"'
TWICE = 'table:number-columns-repeated="2"'
NOTE = "<office:annotation><text:p>#REF!</text:p></office:annotation>"


def ods(folder: Path, *sheets: str) -> Path:
    """An ODS of these sheets, each the XML of its rows; the first of them is named `s0`."""
    tables = "".join(f'<table:table table:name="s{number}">{rows}</table:table>' for number, rows in enumerate(sheets))
    return ods_of(folder, tables)


def ods_of(folder: Path, tables: str) -> Path:
    path = folder / "book.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", MANIFEST)
        archive.writestr("content.xml", f"<office:spreadsheet>{tables}<table:named-expressions/></office:spreadsheet>")
    return path


def row(*cells: str, times: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'


def text(shown: str) -> str:
    return cell('office:value-type="string"', shown)


def cell(attributes: str, shown: str, kind: str = "table-cell") -> str:
    return f"<table:{kind} {attributes}><text:p>{shown}</text:p></table:{kind}>"


def blank(times: int) -> str:
    return f'<table:table-cell table:number-columns-repeated="{times}"/>'


def open_ods(path: Path, sheet: str | None = None) -> Source:
    return open_source(path, "ods", Path(tempfile.mkdtemp()), options=ReadOptions(sheet=sheet))


def rows_of(source: Source) -> list[tuple[Any, ...]]:
    return [row for frame in source.frames(None, 100) for row in frame.rows.drop("flaw", "more").rows()]


HEADER = row(text("code"), text("price"), text("stock"))


@pytest.mark.parametrize("marked", [LIBRE, EXCEL, OPEN_OFFICE])
def test_an_error_cell_is_its_text_however_a_program_marks_it(tmp_path: Path, marked: str) -> None:
    rows = row(text("A"), cell(marked, "#DIV/0!"), text("1")), row(text("B"), text("2"), cell(marked, "Err:502"))
    assert rows_of(open_ods(ods(tmp_path, HEADER + "".join(rows)))) == [
        (2, "A", "#DIV/0!", "1"),
        (3, "B", "2", "Err:502"),
    ]


@pytest.mark.parametrize(
    ("marked", "shown", "told"),
    [
        (LIBRE, "#N/A", "#N/A"),
        (EXCEL, "#VALOR!", "#VALOR!"),
        (LIBRE, "#¿NOMBRE?", "#¿NOMBRE?"),
        (LIBRE, "Erro:502", "Erro:502"),
        (LIBRE, "#WERT!", "#WERT!"),
        (OPEN_OFFICE, "#VALEUR!", "#VALEUR!"),
        (OPEN_OFFICE, "#RIF!", "#RIF!"),
        (OPEN_OFFICE, "#NV", "#N/A"),
        (LIBRE, "#NV", "#N/A"),
        (OPEN_OFFICE, "Fehler:502", "Err:502"),
        (LIBRE, "Erreur :502", "Err:502"),
        (EXCEL, "Errore:502", "Err:502"),
        (LIBRE, "#ÉRTÉK!", "#UNKNOWN!"),
        (EXCEL, "", "#UNKNOWN!"),
        (EXCEL, "<text:span>#N/A</text:span>", "#UNKNOWN!"),
    ],
)
@pytest.mark.parametrize("field", ["precio", "nombre"])
def test_an_error_cell_is_refused_and_explained(
    tmp_path: Path, products: Schema, field: str, marked: str, shown: str, told: str
) -> None:
    values = {"codigo": "A", "nombre": "uno", "precio": "1", "certificado_sanitario": "C", "tiempo_entrega_dias": "1"}
    cells = [cell(marked, shown) if name == field else text(value) for name, value in values.items()]
    source = open_ods(ods(tmp_path, row(*map(text, values)) + row(*cells)))
    (frame,) = source.frames(None, 10)
    checked = check(frame, match_headers(source.headers, products), products)
    assert checked.errors["message"].to_list() == [f'{field}: "{told}" es un error de fórmula de la hoja de cálculo']


def test_errors_stand_in_their_row_and_column_of_the_chosen_sheet(tmp_path: Path) -> None:
    other = HEADER + row(cell(LIBRE, "#NAME?"), cell(LIBRE, "#NAME?"), cell(LIBRE, "#NAME?"))
    top = row(blank(3), times=2) + row(blank(2), text("code"), text("price"), text("stock"))
    rows = (
        f"<table:table-header-rows>{top}</table:table-header-rows>",
        f"<table:table-row-group>{row(blank(2), text('A'), text('1'), cell(LIBRE, '#N/A'))}</table:table-row-group>",
        row(blank(2), text("B"), cell(f'table:formula="of:=1>0" {LIBRE} {TWICE}', "#REF!"), times=2),
        row(blank(9), times=30),
        row(
            blank(2),
            cell('office:value-type="string" table:number-columns-spanned="2"', "C"),
            "<table:covered-table-cell/>",
            cell(EXCEL, "#NUM!"),
        ),
        row(blank(2), text("D"), cell(LIBRE, "#NULL!", "covered-table-cell"), text("3")),
    )
    path = ods(tmp_path, other, "".join(rows), other)
    assert rows_of(open_ods(path, "s1")) == [
        (4, "A", "1", "#N/A"),
        (5, "B", "#REF!", "#REF!"),
        (6, "B", "#REF!", "#REF!"),
        (37, "C", None, "#NUM!"),
        (38, "D", "#NULL!", "3"),
    ]


def test_rows_of_nothing_but_errors_at_the_end_are_rows(tmp_path: Path) -> None:
    rows = row(text("A"), text("1"), text("2")) + row(blank(3)) + row(*[cell(EXCEL, "#N/A")] * 3)
    assert rows_of(open_ods(ods(tmp_path, HEADER + rows))) == [(2, "A", "1", "2"), (4, "#N/A", "#N/A", "#N/A")]


def test_an_error_beyond_the_last_column_is_in_no_row(tmp_path: Path) -> None:
    rows = row(text("A"), text("1"), text("2"), cell(EXCEL, "#N/A"))
    assert rows_of(open_ods(ods(tmp_path, HEADER + rows))) == [(2, "A", "1", "2")]


def test_what_only_resembles_an_error_stays(tmp_path: Path) -> None:
    two_lines = (
        '<table:table-cell office:value-type="string"><text:p>x</text:p><text:p>#N/A</text:p></table:table-cell>'
    )
    noted = f'<table:table-cell office:value-type="float" office:value="7">{NOTE}<text:p>7</text:p></table:table-cell>'
    shown = cell('office:value-type="float" office:value="12"', "#12!")
    assert rows_of(open_ods(ods(tmp_path, HEADER + row(two_lines, noted, shown)))) == [(2, "x\n#N/A", "7", "12")]


@pytest.mark.parametrize("shown", ["#NV", "Fehler:502", "Erreur:404", "Errata:502"])
def test_what_is_an_error_only_where_it_is_marked_stays_a_text(tmp_path: Path, products: Schema, shown: str) -> None:
    values = {"codigo": "A", "nombre": shown, "precio": "1", "certificado_sanitario": "C", "tiempo_entrega_dias": "1"}
    source = open_ods(ods(tmp_path, row(*map(text, values)) + row(*map(text, values.values()))))
    (frame,) = source.frames(None, 10)
    assert check(frame, match_headers(source.headers, products), products).good["nombre"].to_list() == [shown]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("PT10H10M10S", "10:10:10"),
        ("PT30H00M00S", "30:00:00"),
        ("PT08H29M59.999999999S", "08:30:00"),
        ("PT10H10M10.123S", "10:10:10.123"),
        ("-PT1H30M", "-01:30:00"),
    ],
)
def test_a_time_or_duration_is_read_and_not_blank(tmp_path: Path, value: str, shown: str) -> None:
    time = cell(f'office:value-type="time" office:time-value="{value}"', "10:10")
    rows = row(text("A"), time, text("1")), row(time, text("2"), text("3"), times=2), row(time)
    assert rows_of(open_ods(ods(tmp_path, HEADER + "".join(rows)))) == [
        (2, "A", shown, "1"),
        (3, shown, "2", "3"),
        (4, shown, "2", "3"),
        (5, shown, None, None),
    ]


def test_an_error_that_is_kept_as_a_time_is_an_error(tmp_path: Path) -> None:
    time = cell('office:value-type="time" office:time-value="PT0S"', "#N/A")
    untold = cell('office:value-type="time"', "10:10")
    assert rows_of(open_ods(ods(tmp_path, HEADER + row(text("A"), time, untold)))) == [(2, "A", "#N/A", "#UNKNOWN!")]


def test_a_note_is_not_the_text_of_its_error(tmp_path: Path) -> None:
    noted = f"<table:table-cell {LIBRE}>{NOTE}<text:p>#N/A</text:p></table:table-cell>"
    assert rows_of(open_ods(ods(tmp_path, HEADER + row(text("A"), noted, text("1"))))) == [(2, "A", "#N/A", "1")]


def test_a_sheet_without_a_name_is_none(tmp_path: Path) -> None:
    named = '<table:table table:name="{}">{}</table:table>'
    lost = "<table:table>" + row(cell(LIBRE, "#REF!")) + "</table:table>"
    tables = lost + named.format("a", HEADER) + named.format("b", HEADER + row(text("A"), cell(LIBRE, "#N/A")))
    assert rows_of(open_ods(ods_of(tmp_path, tables), "b")) == [(2, "A", "#N/A", None)]


def test_sheets_that_cannot_be_told_apart_are_unreadable(tmp_path: Path) -> None:
    tables = f'<!-- <table:table table:name="x"> --><table:table table:name="a">{HEADER}</table:table>'
    with pytest.raises(UnreadableFile, match="dañado"):
        open_ods(ods_of(tmp_path, tables))


@pytest.mark.parametrize("block", [1, 7, 64, 1000])
def test_the_scan_does_not_depend_on_where_its_blocks_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    path = ods(tmp_path, HEADER + row(text("A"), cell(LIBRE, "#N/A"), cell(OPEN_OFFICE, "#¡NUM!"), times=2))
    monkeypatch.setattr(ods_scan, "BLOCK", block)
    with zipfile.ZipFile(path) as archive:
        scan = scan_content(archive)
    assert scan.most_cells == 9
    assert sorted(scan.text_cells(0)) == [(r, c, t) for r in (2, 3) for c, t in ((1, "#N/A"), (2, "#¡NUM!"))]


@pytest.mark.parametrize("marked", [LIBRE, EXCEL, "table:style-name='ce1'"])
def test_an_error_repeated_a_million_times_is_too_large(tmp_path: Path, marked: str) -> None:
    wide = cell(f"{marked} table:number-columns-repeated='1000'", "#N/A")
    with pytest.raises(TooLarge):
        open_ods(ods(tmp_path, HEADER + row(wide, times=1_000_000)))


def test_a_cell_without_end_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ods_scan, "MAX_CELL", 1024**2)
    path = ods(tmp_path, HEADER + row(text("x" * 3_000_000)))
    with zipfile.ZipFile(path) as archive, pytest.raises(UnreadableFile, match="Una celda"):
        scan_content(archive)


@pytest.mark.parametrize(
    "lacking", ["</table:table>", "</table:table-row>", "</office:annotation>", "</table:table-cell>"]
)
def test_a_missing_end_tag_is_damage_and_not_looked_for_for_ever(tmp_path: Path, lacking: str) -> None:
    rows = row(f"<table:table-cell {EXCEL}>{NOTE}<text:p>x</text:p></table:table-cell>")
    sheet = f'<table:table table:name="a">{rows}</table:table>'
    with pytest.raises(UnreadableFile, match="dañado"):
        open_ods(ods_of(tmp_path, sheet.replace(lacking, "")))
