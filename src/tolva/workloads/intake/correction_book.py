"""Refused rows as the sheet of a workbook, with what is wrong marked and told."""

# pyright: reportUnknownMemberType=false
# (xlsxwriter does not tell all of its types)

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]
from xlsxwriter.format import Format  # pyright: ignore[reportMissingTypeStubs]
from xlsxwriter.worksheet import Worksheet  # pyright: ignore[reportMissingTypeStubs]

from tolva.tables.own_columns import ROW_TITLE, TITLE
from tolva.workloads.intake.faulty_rows import Faulty
from tolva.workloads.intake.refused_cells import Row
from tolva.workloads.intake.titles import Title

LONGEST = 32_767
"""Characters that a cell of a workbook can hold."""
PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
EXACT_DIGITS = 15
"""Digits of a number that a cell holds as they are."""


@dataclass(frozen=True)
class Columns:
    """What stands above each column, and which of them, from 0, hold numbers."""

    titles: Sequence[Title]
    numbers: Set[int]


def write_book(target: Path, columns: Columns, rows: Iterable[Row], faulty: Mapping[int, Faulty]) -> None:
    """Writes the workbook to `target`, a line for each of the rows."""
    with xlsxwriter.Workbook(str(target), {"constant_memory": True}) as book:
        bold, wrong = book.add_format({"bold": True}), book.add_format({"bg_color": "#FFD7D7"})
        sheet = book.add_worksheet("Corregir")
        _write_head(sheet, columns.titles, bold)
        for line, row in enumerate(rows, start=1):
            _write_row(sheet, line, row, faulty[row.number], columns, wrong)


def _write_head(sheet: Worksheet, titles: Sequence[Title], bold: Format) -> None:
    for column, header in enumerate((*(title.shown for title in titles), TITLE, ROW_TITLE)):
        sheet.write_string(0, column, header, bold)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(titles) - 1, 18)
    sheet.set_column(len(titles), len(titles), 60)


def _write_row(sheet: Worksheet, line: int, row: Row, fault: Faulty, columns: Columns, wrong: Format) -> None:
    for column, (title, cell, form) in enumerate(zip(columns.titles, row.cells, row.forms, strict=False)):
        if title.told in fault.headers:
            sheet.write_string(line, column, (cell or "")[:LONGEST], wrong)
        elif form and column in columns.numbers and _exact(form):
            sheet.write_number(line, column, float(form))
        elif form:
            sheet.write_string(line, column, form[:LONGEST])
    last = len(columns.titles)
    sheet.write_string(line, last, "; ".join(fault.messages)[:LONGEST])
    sheet.write_number(line, last + 1, row.number)
    for column, cell in enumerate(row.beyond, start=last + 2):
        sheet.write_string(line, column, cell[:LONGEST], wrong)


def _exact(form: str) -> bool:
    """Whether a cell that is a number holds just this one.

    >>> _exact("1234.50"), _exact("12345678901234.567"), _exact("s/p")
    (True, False, False)
    """
    return bool(PLAIN_NUMBER.fullmatch(form)) and len(Decimal(form).as_tuple().digits) <= EXACT_DIGITS
