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


def number_cells(path: Path, area: SheetArea, scratch: Path, columns: Sequence[int]) -> list[str | None]:
    """Sets down the numbers (`row`: UInt32) of the rows where each column has a number, in files of these names.

    None for a column of nothing else. Looks at all cells below the header, which takes as long as reading them.
    """
    with translated():
        book = fastexcel.read_excel(path)
        numbers = are_numbers(book, area.sheet, area.skipped, {c: area.places[c] for c in sorted(set(columns))})
        filled = _filled(book, area, columns)
    mixed = {column for column in columns if int(numbers[f"c{column}"].sum()) < filled[column]}
    marks = merged_down(numbers.with_row_index("row", area.skipped + 1), area.merges)
    return [_set_down(marks, column, scratch) if column in mixed else None for column in columns]


def are_numbers(book: fastexcel.ExcelReader, sheet: int | str, skipped: int, places: Mapping[int, int]) -> pl.DataFrame:
    """For columns by their places in the sheet, in its order: whether each cell is a number (`c0`, `c3` …).

    Only a number (or true, or false) can be read as true or false; a text that looks like one cannot. To have the
    parser find out the kind of a column instead fails where it holds durations beside anything else.
    """
    wanted = list(places.values())
    cells = book.load_sheet(sheet, header_row=None, skip_rows=skipped, use_columns=wanted, dtypes="boolean").to_polars()
    cells.columns = [f"c{column}" for column in places]
    return cells.select(pl.all().is_not_null())


def _filled(book: fastexcel.ExcelReader, area: SheetArea, columns: Sequence[int]) -> dict[int, int]:
    """How many cells of each column hold something."""
    numbers = sorted(set(columns))
    wanted = [area.places[column] for column in numbers]
    sheet = book.load_sheet(
        area.sheet, header_row=None, skip_rows=area.skipped, use_columns=wanted, dtypes="string"
    ).to_polars()
    return {column: sheet.height - cells.null_count() for column, cells in zip(numbers, sheet, strict=True)}


def _set_down(marks: pl.DataFrame, column: int, scratch: Path) -> str:
    name = f"numbers{column}.arrow"
    marks.filter(pl.col(f"c{column}")).select("row").write_ipc(scratch / name, compression="lz4")
    return name
