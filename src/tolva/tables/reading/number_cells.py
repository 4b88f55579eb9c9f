"""Which cells of a workbook are numbers by their kind, where a column holds texts as well."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Mapping, Sequence
from pathlib import Path

import fastexcel
import polars as pl

from tolva.tables.reading.merged import merged_down
from tolva.tables.reading.sheet_area import SheetArea
from tolva.tables.reading.workbook_damage import translated

NUMBERS = ("int", "float")


def number_cells(path: Path, area: SheetArea, scratch: Path, columns: Sequence[int]) -> list[str | None]:
    """Sets down the numbers (`row`: UInt32) of the rows where each column has a number, in files of these names.

    None for a column of nothing else. Looks at all cells below the header, which takes as long as reading them.
    """
    with translated():
        book = fastexcel.read_excel(path)
        found = _columns(book, area)
        mixed = {
            column: found[column].absolute_index for column in sorted(columns) if found[column].dtype not in NUMBERS
        }
        marks = _marked(book, area, mixed) if mixed else pl.DataFrame()
    return [_set_down(marks, column, scratch) if column in mixed else None for column in columns]


def _columns(book: fastexcel.ExcelReader, area: SheetArea) -> list[fastexcel.ColumnInfo]:
    """The columns as the parser sees them; its cells are not kept, so that there is room to read them once more."""
    sheet = book.load_sheet(area.sheet, header_row=None, skip_rows=area.skipped, schema_sample_rows=None)
    return sheet.available_columns()


def _marked(book: fastexcel.ExcelReader, area: SheetArea, columns: Mapping[int, int]) -> pl.DataFrame:
    """`row`, and for each of the columns, whose places in the sheet these are, whether its cells are numbers.

    Only a number (or true, or false) can be read as true or false; a text that looks like one cannot.
    """
    sheet = book.load_sheet(
        area.sheet, header_row=None, skip_rows=area.skipped, use_columns=list(columns.values()), dtypes="boolean"
    )
    cells = sheet.to_polars()
    cells.columns = [f"c{column}" for column in columns]
    marks = cells.with_columns(pl.all().is_not_null()).with_row_index("row", area.skipped + 1)
    return merged_down(marks, area.merges)


def _set_down(marks: pl.DataFrame, column: int, scratch: Path) -> str:
    name = f"numbers{column}.arrow"
    marks.filter(pl.col(f"c{column}")).select("row").write_ipc(scratch / name, compression="lz4")
    return name
