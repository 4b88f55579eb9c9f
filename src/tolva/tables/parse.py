"""Text to typed columns: what each kind accepts, and what is wrong with the rest.

Of each cell there are three forms: its trimmed text, its plain form (see `plain`), and its value.
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from dataclasses import dataclass
from datetime import date

import polars as pl

from tolva.tables.locale import DAYS, EITHER
from tolva.tables.schema import Field, Schema, Transform

DECIMAL = r"^[+-]?[0-9]+(?:\.[0-9]*)?$"
INTEGER = r"^[+-]?[0-9]+(?:\.0{1,2})?$"
SHORT_YEAR = r"^[0-9]{1,2}[-/. ][0-9a-z]{1,10}[-/. ][0-9]{2}$"
FILLED_YEAR = r"(?:^|[-/. ])0(?:[1-9][0-9]{2}|0[1-9][0-9]|00[1-9])(?:[-/. t]|$)"
"""A year of two digits with zeros in front, as spreadsheets make of it."""
FIRST_YEAR = 1000
"""Years before it are taken for typing errors, unless the field's minimum is one of them."""
CURRENCY = r"^(?:R\$|US\$|S/\.?|[$€£])\s*|\s*[$€£]$"


@dataclass(frozen=True)
class Fault:
    """One way in which a cell can be wrong. `said` follows the field's name and the cell's text."""

    code: str
    bad: pl.Expr
    said: str


def text_of(column: str, field: Field, schema: Schema) -> pl.Expr:
    """The trimmed and transformed cell; null when it is blank or one of the schema's missing values."""
    text = pl.col(column).str.strip_chars()
    blank = (text == "") if set(schema.missing) <= {""} else text.is_in(["", *schema.missing])
    text = pl.when(blank).then(None).otherwise(text)
    for transform in field.transforms:
        text = _transformed(text, transform)
    return text


def _transformed(text: pl.Expr, transform: Transform) -> pl.Expr:
    match transform:
        case "upper":
            return text.str.to_uppercase()
        case "lower":
            return text.str.to_lowercase()
        case "collapse_spaces":
            return text.str.replace_all(r"\s+", " ")
        case "strip_currency":
            return text.str.replace_all(CURRENCY, "")


def value_of(plain: pl.Expr, field: Field, schema: Schema) -> pl.Expr:
    """The typed cell; null where its plain form is not of the field's kind."""
    match field.kind:
        case "string":
            return plain
        case "integer":
            digits = plain.str.extract(r"^\+?(-?[0-9]+)", 1)
            return pl.when(plain.str.contains(INTEGER)).then(digits).cast(pl.Int64, strict=False)
        case "decimal":
            fits = plain.str.contains(DECIMAL) & ~_excess(plain, field)
            return pl.when(fits).then(plain).cast(pl.Decimal(field.precision, field.scale), strict=False)
        case "date":
            return _of_likely_year(plain, field).str.to_date("%Y-%m-%d", strict=False)
        case "datetime":
            return _moment(_of_likely_year(plain, field), schema.timezone)
        case "boolean":
            return plain == "true"


def _of_likely_year(plain: pl.Expr, field: Field) -> pl.Expr:
    """Null where the year is not likely meant; there was no year 0 at all."""
    early = isinstance(field.minimum, date) and field.minimum.year < FIRST_YEAR
    return pl.when(~plain.str.starts_with("0000" if early else "0")).then(plain)


def _moment(plain: pl.Expr, timezone: str) -> pl.Expr:
    """In UTC; what names no zone is meant in the schema's."""
    zoned = plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%:z", time_unit="us", strict=False)
    local = plain.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    placed = local.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(zoned.dt.convert_time_zone("UTC"), placed.dt.convert_time_zone("UTC"))


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
                Fault("digits", _whole_excess(plain, field), f"tiene más de {whole} cifras enteras"),
                Fault("digits", _fraction_excess(plain, field), f"tiene más de {field.scale} decimales"),
                Fault("type", unread, "no es un número"),
            ]
        case "date":
            return [*_date_faults(text, unread), Fault("type", unread, "no es una fecha; escríbala como AAAA-MM-DD")]
        case "datetime":
            said = "no es una fecha con hora; escríbala como AAAA-MM-DD HH:MM"
            far = ~value.dt.year().is_between(1, 9999)  # where its zone takes it there
            return [
                *_date_faults(text, unread),
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


def _date_faults(text: pl.Expr, unread: pl.Expr) -> list[Fault]:
    first, second = (text.str.extract(DAYS, number).cast(pl.Int32) for number in (1, 2))
    swapped = unread & (first <= 12) & (second <= 12) & (first != second)
    short = unread & text.str.to_lowercase().str.contains(f"{SHORT_YEAR}|{FILLED_YEAR}")
    return [
        Fault("type", short, "es una fecha sin el año completo; escríbalo con cuatro cifras"),
        Fault("ambiguous", swapped, "es una fecha ambigua; escríbala como AAAA-MM-DD"),
    ]


def _excess(plain: pl.Expr, field: Field) -> pl.Expr:
    return _whole_excess(plain, field) | _fraction_excess(plain, field)


def _whole_excess(plain: pl.Expr, field: Field) -> pl.Expr:
    return plain.str.contains(rf"^[+-]?0*[1-9][0-9]{{{field.precision - field.scale},}}(?:\.|$)")


def _fraction_excess(plain: pl.Expr, field: Field) -> pl.Expr:
    """More significant decimals than are kept: rounding a price would change it in silence."""
    return plain.str.contains(rf"\.[0-9]{{{field.scale}}}[0-9]*[1-9]")
