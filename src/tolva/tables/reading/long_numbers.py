"""Numbers of workbooks with digits that nobody wrote: the parser writes out all of what a float is."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from decimal import Decimal

import fastexcel
import polars as pl

from tolva.tables.reading.number_cells import are_numbers

SURE = 17
"""Characters: a shorter text of a float has no more digits than it needs."""
NUMBER = r"^-?\d+(?:\.\d{1,9})?$"


def with_shortest(
    cells: pl.DataFrame, book: fastexcel.ExcelReader, sheet: int, places: tuple[int, ...]
) -> pl.DataFrame:
    """Long numbers as the fewest digits that mean the same float. Texts of digits, such as codes, stay as they are.

    `places` are the sheet's columns, from 0, of these.
    """
    columns = [number for number, column in enumerate(cells) if any(map(_is_of_float, _long(column)))]
    if not columns:
        return cells
    numbers = are_numbers(book, sheet, 0, {number: places[number] for number in columns})
    return cells.with_columns(_shortened(cells[marks.name], marks) for marks in numbers)


def _long(column: pl.Series) -> pl.Series:
    """The texts that may be concerned: few, so that the pattern is seldom tried."""
    texts = column.filter(column.str.len_bytes() >= SURE)
    return texts.filter(texts.str.contains(NUMBER))


def _shortened(column: pl.Series, numbers: pl.Series) -> pl.Series:
    concerned = (numbers & (column.str.len_bytes() >= SURE)).arg_true()
    return column.scatter(concerned, pl.Series([shortest(text) for text in column.gather(concerned)], dtype=pl.String))


def _is_of_float(text: str) -> bool:
    """Whether the parser may have written it; most codes of so many digits are no float's.

    >>> _is_of_float("12345678901234.119140625"), _is_of_float("12345678901234567891")
    (True, False)
    """
    return f"{float(text):.9f}".rstrip("0").rstrip(".") == text


def shortest(text: str) -> str:
    """The fewest digits that mean the same float, written out.

    >>> shortest("12345678901234.119140625"), shortest("1234567890123457024")
    ('12345678901234.12', '1234567890123457000')
    """
    return format(Decimal(repr(float(text))), "f").removesuffix(".0")
