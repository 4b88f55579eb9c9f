"""Cells as people write them to one plain form of text for each kind: `1234.5`, `2026-12-31`, `true`.

A cell without one is null. What could mean two things has one only where the column's signs tell which.
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Callable

import polars as pl

from tolva.tables.locale import COMMA, DAYS, EITHER, POINT, SPACE, Signs
from tolva.tables.schema import Field, Kind

USUAL_NUMBER = r"^[+-]?[0-9]+(?:\.(?:[0-9]{1,2}|[0-9]{4,}))?$"
SPACED = rf"^[+-]?[0-9]{{1,3}}(?:[{SPACE}][0-9]{{3}})+$"
USUAL_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MIDNIGHT = r"[ T]0?0:00(?::00(?:\.0+)?)?$"
YEAR_FIRST = r"^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})$"
DAY_MONTH = r"^([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})$"
DAY_NAME = r"^([0-9]{1,2})[-/ .]+(?:de )?([a-zç]{3,10})\.?[-/ .,]+(?:del? )?([0-9]{4})$"
NAME_DAY = r"^([a-zç]{3,10})\.? ([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})$"
MOMENT = r"^(.*?)(?:[T ]+([0-9]{1,2}:[0-9]{2})(:[0-9]{2}(?:\.[0-9]{1,9})?)? ?(Z|[+-][0-9]{2}:?[0-9]{2})?)?$"

MONTHS = {
    name: f"{number:02}"
    for number, names in enumerate(
        (
            "enero ene janeiro january jan",
            "febrero feb fevereiro fev february",
            "marzo mar março march",
            "abril abr april apr",
            "mayo may maio mai",
            "junio jun junho june",
            "julio jul julho july",
            "agosto ago august aug",
            "septiembre setiembre sep sept set setembro september",
            "octubre oct outubro out october",
            "noviembre nov novembro november",
            "diciembre dic dezembro dez december dec",
        ),
        start=1,
    )
    for name in names.split()
}
WITH_POINT = Signs(".")
TRUE = ("sí", "si", "sim", "s", "yes", "y", "true", "verdadero", "verdadeiro", "v", "1", "x")
FALSE = ("no", "não", "nao", "n", "false", "falso", "falsa", "f", "0")
FLAGS = dict.fromkeys(TRUE, "true") | dict.fromkeys(FALSE, "false")


def plain(text: pl.Series, field: Field, signs: Signs, rows: pl.Series) -> pl.Series:
    """The plain form of trimmed cells (String), under the same name. `rows` are their numbers, ascending."""
    form = FORMS[field.kind]
    if signs.numbers is None:
        return form(text, signs)
    return form(text, WITH_POINT).zip_with(among(rows, signs.numbers), form(text, signs))


def among(rows: pl.Series, numbers: pl.Series) -> pl.Series:
    """Which of some rows are among others (UInt32, perhaps very many); both ascend.

    >>> among(pl.Series([4, 5, 9]), pl.Series([2, 5, 9, 12], dtype=pl.UInt32)).to_list()
    [False, True, True]
    """
    if rows.is_empty():
        return pl.Series([], dtype=pl.Boolean)
    within = numbers.filter(numbers.is_between(rows[0], rows[-1]))  # the table that is_in makes of them stays small
    return rows.cast(pl.UInt32).is_in(within.implode())


def _as_is(text: pl.Series, _signs: Signs) -> pl.Series:
    return text


def _number(text: pl.Series, signs: Signs) -> pl.Series:
    """Without signs for thousands, and with a point before decimals.

    >>> _number(pl.Series(["1.234,5", "12.5", "1,234"]), Signs(decimal=",")).to_list()
    ['1234.5', '12.5', '1.234']
    """
    usual = text.str.contains(USUAL_NUMBER)
    if usual.all():  # by far the most frequent case
        return text
    cell = pl.col(text.name)
    by_comma = cell.str.replace_all(f"[.{SPACE}]", "").str.replace(",", ".", literal=True)
    by_point = cell.str.replace_all(f"[,{SPACE}]", "")
    either = by_comma if signs.decimal == "," else by_point if signs.decimal == "." else None
    form = (
        pl.when(cell.str.contains(USUAL_NUMBER))
        .then(cell)
        .when(cell.str.contains(COMMA))
        .then(by_comma)
        .when(cell.str.contains(POINT) | cell.str.contains(SPACED))
        .then(by_point)
        .when(cell.str.contains(EITHER))
        .then(either)
    )
    return text.to_frame().select(form.str.replace(r"^([+-]?)\.", "${1}0.").str.strip_chars_end("."))[text.name]


def _date(text: pl.Series, signs: Signs) -> pl.Series:
    """Year, month and day.

    >>> _date(pl.Series(["3/4/2026", "2026-04-03 00:00:00", "3 de abril de 2026"]), Signs(order="dmy")).to_list()
    ['2026-04-03', '2026-04-03', '2026-04-03']
    """
    if text.str.contains(USUAL_DATE).all():
        return text
    cell = pl.col(text.name).str.replace(MIDNIGHT, "").str.to_lowercase()
    first, second = (cell.str.extract(DAYS, number).cast(pl.Int32) for number in (1, 2))
    day_first = (first > 12) | (first == second) | ((signs.order == "dmy") & (second <= 12))
    parts = [
        _joined(cell, YEAR_FIRST, 1, 2, 3),
        pl.when(day_first).then(_joined(cell, DAY_MONTH, 3, 2, 1)),
        pl.when((second > 12) | (signs.order == "mdy")).then(_joined(cell, DAY_MONTH, 3, 1, 2)),
        _joined(cell, DAY_NAME, 3, 2, 1, named=2),
        _joined(cell, NAME_DAY, 3, 1, 2, named=1),
    ]
    return text.to_frame().select(pl.coalesce(parts).alias(text.name))[text.name]


def _joined(cell: pl.Expr, pattern: str, year: int, month: int, day: int, named: int | None = None) -> pl.Expr:
    """The groups of a pattern as a date in ISO form; null where it does not fit."""
    months = cell.str.extract(pattern, month)
    months = months.replace_strict(MONTHS, default=None) if named else months.str.zfill(2)
    return pl.concat_str(
        cell.str.extract(pattern, year), months, cell.str.extract(pattern, day).str.zfill(2), separator="-"
    )


def _moment(text: pl.Series, signs: Signs) -> pl.Series:
    """Date and time, and the offset from UTC where one is named.

    >>> _moment(pl.Series(["2026-04-03T10:00Z", "25/04/2026 7:30"]), Signs()).to_list()
    ['2026-04-03 10:00:00+00:00', '2026-04-25 07:30:00']
    """
    parts = text.str.extract_groups(MOMENT).struct.unnest()
    day = _date(parts["1"].alias("day"), signs)
    clock = pl.col("2").fill_null("00:00").str.zfill(5) + pl.col("3").fill_null(":00")
    zone = pl.col("4").replace("Z", "+00:00").str.replace(r"^(...):?(..)$", "${1}:${2}").fill_null("")
    return parts.with_columns(day).select((pl.col("day") + " " + clock + zone).alias(text.name))[text.name]


def _flag(text: pl.Series, _signs: Signs) -> pl.Series:
    """True or false.

    >>> _flag(pl.Series(["Sí", "NÃO", "tal vez"]), Signs()).to_list()
    ['true', 'false', None]
    """
    return text.str.to_lowercase().replace_strict(FLAGS, default=None, return_dtype=pl.String)


FORMS: dict[Kind, Callable[[pl.Series, Signs], pl.Series]] = {
    "string": _as_is,
    "integer": _number,
    "decimal": _number,
    "date": _date,
    "datetime": _moment,
    "boolean": _flag,
}
