"""Text to typed columns: what each kind accepts.

Of each cell there are three forms: its trimmed text, its plain form (see `plain`), and its value.
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from datetime import date

import polars as pl

from tolva.tables.schema import Field, Schema, Transform

DECIMAL = r"^[+-]?[0-9]+(?:\.[0-9]*)?$"
INTEGER = r"^[+-]?[0-9]+(?:\.0{1,2})?$"
FIRST_YEAR = 1000
"""Years before it are taken for typing errors, unless the field's minimum is one of them."""
CURRENCY = r"^(?:R\$|US\$|S/\.?|[$€£])\s*|\s*[$€£]$"


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


def _excess(plain: pl.Expr, field: Field) -> pl.Expr:
    return whole_excess(plain, field) | fraction_excess(plain, field)


def whole_excess(plain: pl.Expr, field: Field) -> pl.Expr:
    """More digits before the point than the field has room for."""
    return plain.str.contains(rf"^[+-]?0*[1-9][0-9]{{{field.precision - field.scale},}}(?:\.|$)")


def fraction_excess(plain: pl.Expr, field: Field) -> pl.Expr:
    """More significant decimals than are kept: rounding a price would change it in silence."""
    return plain.str.contains(rf"\.[0-9]{{{field.scale}}}[0-9]*[1-9]")
