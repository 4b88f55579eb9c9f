"""Faults to errors that the user can act on. Messages name the schema's field, `column` the user's header.

What comes in is judged text: per field its text, its plain form (`~name`), its value (`=name`) and the number of its
fault (`!name`).
"""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import polars as pl

from tolva.tables.proposal import ColumnMapping
from tolva.tables.rules import faults_of
from tolva.tables.schema import Field, Schema

MAX_VALUE = 200
"""Characters of a cell that an error keeps."""
MAX_QUOTED = 60
"""Characters of a cell that a message quotes."""

ERROR_COLUMNS = {"row": pl.Int64, "column": pl.String, "value": pl.String, "code": pl.String, "message": pl.String}

FLAWS = {
    "extra_cells": "La fila tiene más celdas que encabezados; revise las comillas y los separadores",
    "stray_quote": "Las comillas de esta fila no se cierran; corríjalas o duplíquelas si son parte del texto",
    "bad_json": "La línea no es un objeto JSON válido",
}


def field_errors(judged: pl.DataFrame, cells: pl.Series, field: Field, header: str) -> pl.DataFrame:
    """One error per cell of this field with a fault, told under the user's header and in the user's own writing.

    `cells` are the field's cells as they came, one for each judged row.
    """
    faults = dict(enumerate(faults_of(field)))
    number = pl.col(f"!{field.name}")
    cell = shown(pl.col("cell"))
    said = number.replace_strict({key: fault.said for key, fault in faults.items()}, return_dtype=pl.String)
    return (
        judged.with_columns(cells.alias("cell"))
        .filter(number.is_not_null())
        .select(
            "row",
            pl.lit(header).alias("column"),
            cell.str.slice(0, MAX_VALUE).alias("value"),
            number.replace_strict({key: fault.code for key, fault in faults.items()}, return_dtype=pl.String).alias(
                "code"
            ),
            pl.format('{}: "{}" {}', pl.lit(field.name), quoted(cell), said).alias("message"),
        )
    )


def shown(cell: pl.Expr) -> pl.Expr:
    """A cell as the user wrote it, in characters that can be kept."""
    return cell.str.strip_chars().str.replace_all("\0", "\ufffd", literal=True)


def quoted(text: pl.Expr) -> pl.Expr:
    """As much of it as a message quotes."""
    return pl.when(text.str.len_chars() > MAX_QUOTED).then(text.str.slice(0, MAX_QUOTED) + "…").otherwise(text)


def missing_errors(judged: pl.DataFrame, mapping: ColumnMapping, schema: Schema) -> pl.DataFrame:
    """All the missing fields of a row in one message."""
    required = [match for match in mapping.matches if schema.field(match.field).required]
    if not required:
        return pl.DataFrame(schema=ERROR_COLUMNS)
    blank = [pl.col(match.field).is_null() for match in required]
    return judged.filter(pl.any_horizontal(blank)).select(
        "row",
        _listed([match.header for match in required], blank).alias("column"),
        pl.lit("").alias("value"),
        pl.lit("required").alias("code"),
        pl.format("Campos obligatorios vacíos: {}", _listed([match.field for match in required], blank)).alias(
            "message"
        ),
    )


def _listed(names: list[str], where: list[pl.Expr]) -> pl.Expr:
    """The names whose expression is true, with commas."""
    parts = [pl.when(true).then(pl.lit(name)) for name, true in zip(names, where, strict=True)]
    return pl.concat_str(parts, separator=", ", ignore_nulls=True)


def flaw_errors(rows: pl.DataFrame) -> pl.DataFrame:
    """One error per row that is wrong as a whole."""
    return rows.filter(pl.col("flaw").is_not_null()).select(
        "row",
        pl.lit("").alias("column"),
        pl.lit("").alias("value"),
        pl.col("flaw").alias("code"),
        pl.col("flaw").replace_strict(FLAWS, return_dtype=pl.String).alias("message"),
    )
