"""Text to typed columns: what each kind accepts for now, and what is wrong with the rest.

Numbers: `1234.56`, or `1234,56` with the comma as the only sign; no thousands separators. Dates: `2026-12-31`, or
`31/12/2026` where day and month cannot be mistaken. What could mean two things is refused with a hint.
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from dataclasses import dataclass

import polars as pl

from tolva.tables.schema import Field, Schema

AMBIGUOUS_COMMA = r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$"
GROUPED = r"^[+-]?[0-9]{1,3}(?:[.,'\s\x{a0}\x{202f}][0-9]{3})+(?:[.,][0-9]+)?$"
DECIMAL = r"^[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)$"
INTEGER = r"^[+-]?[0-9]+(?:\.0{1,2})?$"
ISO_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T]00:00:00(?:\.0+)?)?$"
SLASH_DATE = r"^([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})$"


@dataclass(frozen=True)
class Fault:
    """One way in which a cell can be wrong. `said` follows the field's name and the cell's text."""

    code: str
    bad: pl.Expr
    said: str


def text_of(column: str, schema: Schema) -> pl.Expr:
    """The trimmed cell; null when it is blank or one of the schema's missing values."""
    text = pl.col(column).str.strip_chars()
    blank = (text == "") if set(schema.missing) <= {""} else text.is_in(["", *schema.missing])
    return pl.when(blank).then(None).otherwise(text)


def value_of(text: pl.Expr, field: Field) -> pl.Expr:
    """The typed cell; null where the text is not of the field's kind."""
    match field.kind:
        case "string":
            return text
        case "integer":
            digits = text.str.extract(r"^\+?(-?[0-9]+)", 1)
            return pl.when(text.str.contains(INTEGER)).then(digits).cast(pl.Int64, strict=False)
        case "decimal":
            fits = text.str.contains(DECIMAL) & ~_excess(text, field)
            return pl.when(fits).then(_dotted(text)).cast(pl.Decimal(field.precision, field.scale), strict=False)
        case "date":
            return pl.coalesce(_iso_date(text), _slash_date(text))


def kind_faults(text: pl.Expr, value: pl.Expr, field: Field) -> list[Fault]:
    """What can be wrong with a cell of this kind; the first that holds is told."""
    unread = text.is_not_null() & value.is_null()
    match field.kind:
        case "string":
            return []
        case "integer":
            return [
                _grouped(text, value),
                Fault("range", unread & text.str.contains(INTEGER), "es demasiado grande"),
                Fault("type", unread, "no es un número entero"),
            ]
        case "decimal":
            return _decimal_faults(text, unread, value, field)
        case "date":
            ambiguous = unread & _could_be_swapped(text)
            return [
                Fault("ambiguous", ambiguous, "es una fecha ambigua; escríbala como AAAA-MM-DD"),
                Fault("type", unread, "no es una fecha; escríbala como AAAA-MM-DD"),
            ]


def _decimal_faults(text: pl.Expr, unread: pl.Expr, value: pl.Expr, field: Field) -> list[Fault]:
    number = text.str.contains(DECIMAL)
    whole = field.precision - field.scale
    return [
        Fault("ambiguous", text.str.contains(AMBIGUOUS_COMMA), "es ambiguo; escríbalo como 1234.56, sin separar miles"),
        Fault("digits", number & _whole_excess(text, field), f"tiene más de {whole} cifras enteras"),
        Fault("digits", number & _fraction_excess(text, field), f"tiene más de {field.scale} decimales"),
        _grouped(text, value),
        Fault("type", unread, "no es un número"),
    ]


def _grouped(text: pl.Expr, value: pl.Expr) -> Fault:
    return Fault(
        "ambiguous",
        text.is_not_null() & value.is_null() & text.str.contains(GROUPED),
        "tiene separador de miles; escríbalo sin él, por ejemplo 1234 o 1234.56",
    )


def _dotted(text: pl.Expr) -> pl.Expr:
    """With a point as decimal sign; null where the comma could as well separate thousands."""
    return pl.when(~text.str.contains(AMBIGUOUS_COMMA)).then(text.str.replace(",", ".", literal=True))


def _excess(text: pl.Expr, field: Field) -> pl.Expr:
    return _whole_excess(text, field) | _fraction_excess(text, field)


def _whole_excess(text: pl.Expr, field: Field) -> pl.Expr:
    return text.str.contains(rf"^[+-]?0*[1-9][0-9]{{{field.precision - field.scale},}}(?:[.,]|$)")


def _fraction_excess(text: pl.Expr, field: Field) -> pl.Expr:
    """More significant decimals than are kept: rounding a price would change it in silence."""
    return text.str.contains(rf"[.,][0-9]{{{field.scale}}}[0-9]*[1-9]")


def _iso_date(text: pl.Expr) -> pl.Expr:
    iso = text.str.contains(ISO_DATE) & ~text.str.starts_with("0000")  # PostgreSQL knows no year 0
    return pl.when(iso).then(text.str.slice(0, 10)).str.to_date("%Y-%m-%d", strict=False)


def _slash_date(text: pl.Expr) -> pl.Expr:
    clear = text.str.contains(SLASH_DATE) & ~_could_be_swapped(text) & ~text.str.ends_with("/0000")
    return pl.when(clear).then(text).str.to_date("%d/%m/%Y", strict=False)


def _could_be_swapped(text: pl.Expr) -> pl.Expr:
    day = text.str.extract(SLASH_DATE, 1).cast(pl.Int32)
    month = text.str.extract(SLASH_DATE, 2).cast(pl.Int32)
    return ((day <= 12) & (month <= 12) & (day != month)).fill_null(value=False)
