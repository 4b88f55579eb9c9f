"""What can be wrong with a cell of each kind, and how it is said."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from dataclasses import dataclass

import polars as pl

from tolva.tables.locale import DAYS, EITHER
from tolva.tables.parse import CURRENCY, INTEGER, fraction_excess, whole_excess
from tolva.tables.schema import Field

SHORT_YEAR = r"^[0-9]{1,2}[-/. ][0-9a-z]{1,10}[-/. ][0-9]{2}$"
FILLED_YEAR = r"(?:^|[-/. ])0(?:[1-9][0-9]{2}|0[1-9][0-9]|00[1-9])(?:[-/. t]|$)"
"""A year of two digits with zeros in front, as spreadsheets make of it."""
DAY = r"^([0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]))(?: |$)"
"""A month, and a day that at least some month has."""


@dataclass(frozen=True)
class Fault:
    """One way in which a cell can be wrong. `said` follows the field's name and the cell's text."""

    code: str
    bad: pl.Expr
    said: str


def kind_faults(text: pl.Expr, plain: pl.Expr, value: pl.Expr, field: Field) -> list[Fault]:
    """What can be wrong with a cell of this kind; the first that holds is told."""
    unread = text.is_not_null() & value.is_null()
    match field.kind:
        case "string":
            return []
        case "integer":
            return [
                _two_numbers(text, plain, "1234"),
                _currency(text, unread),
                Fault("range", unread & plain.str.contains(INTEGER), "es demasiado grande"),
                Fault("type", unread, "no es un número entero"),
            ]
        case "decimal":
            whole = field.precision - field.scale
            return [
                _two_numbers(text, plain, "1234.56"),
                _currency(text, unread),
                Fault("digits", whole_excess(plain, field), f"tiene más de {whole} cifras enteras"),
                Fault("digits", fraction_excess(plain, field), f"tiene más de {field.scale} decimales"),
                Fault("type", unread, "no es un número"),
            ]
        case "date":
            said = "no es una fecha; escríbala como AAAA-MM-DD"
            return [*_date_faults(text, plain, unread), Fault("type", unread, said)]
        case "datetime":
            said = "no es una fecha con hora; escríbala como AAAA-MM-DD HH:MM"
            far = ~value.dt.year().is_between(1, 9999)  # where its zone takes it there
            return [
                *_date_faults(text, plain, unread),
                Fault("range", far, "no está, en UTC, entre los años 1 y 9999"),
                Fault("type", unread, said),
            ]
        case "boolean":
            return [Fault("type", unread, "no es sí o no")]


def _two_numbers(text: pl.Expr, plain: pl.Expr, example: str) -> Fault:
    ambiguous = plain.is_null() & text.str.contains(EITHER)
    return Fault("ambiguous", ambiguous, f"es ambiguo; escríbalo como {example}, sin separar miles")


def _currency(text: pl.Expr, unread: pl.Expr) -> Fault:
    rest = text.str.replace_all(CURRENCY, "")
    said = "lleva un signo de moneda; escriba solo el número, o añada al campo del esquema el transform strip_currency"
    return Fault("type", unread & (rest != text) & rest.str.contains(r"^[+-]?[0-9][0-9., ']*$"), said)


def _date_faults(text: pl.Expr, plain: pl.Expr, unread: pl.Expr) -> list[Fault]:
    first, second = (text.str.extract(DAYS, number).cast(pl.Int32) for number in (1, 2))
    swapped = unread & (first <= 12) & (second <= 12) & (first != second)
    short = unread & text.str.to_lowercase().str.contains(f"{SHORT_YEAR}|{FILLED_YEAR}")
    day = plain.str.extract(DAY, 1)
    unreal = unread & day.is_not_null() & day.str.to_date("%Y-%m-%d", strict=False).is_null()
    return [
        Fault("type", short, "es una fecha sin el año completo; escríbalo con cuatro cifras"),
        Fault("ambiguous", swapped, "es una fecha ambigua; escríbala como AAAA-MM-DD"),
        Fault("type", unreal, "es un día que no existe; revise el día y el mes"),
    ]
