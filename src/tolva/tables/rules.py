"""The rules of one field as column expressions, in the order in which they are told: one fault per cell."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

import polars as pl

from tolva.tables.faults import Fault, kind_faults
from tolva.tables.formula_errors import FORMULA_ERROR, NO_RESULT
from tolva.tables.pattern import whole_cell
from tolva.tables.schema import Field

MAX_LISTED = 12
"""A longer list of allowed values is not repeated in a message."""
SAVE_IT = "abra el archivo en Excel o LibreOffice, guárdelo y vuelva a subirlo"


def faults_of(field: Field) -> list[Fault]:
    """Everything that can be wrong with a cell that is not blank, given its text, plain form (`~name`) and value."""
    text, plain, value = (pl.col(f"{form}{field.name}") for form in ("", "~", "="))
    damaged = text.str.contains("\ufffd", literal=True) | text.str.contains("\0", literal=True)
    return [
        Fault("encoding", damaged, "contiene caracteres dañados; guarde el archivo como UTF-8"),
        Fault("formula", text.str.contains(FORMULA_ERROR), "es un error de fórmula de la hoja de cálculo"),
        Fault("formula", text == NO_RESULT, f"es una fórmula sin resultado guardado; {SAVE_IT}"),
        *kind_faults(text, plain, value, field),
        *_text_faults(text, field),
        *_bound_faults(value, field),
    ]


def _text_faults(text: pl.Expr, field: Field) -> list[Fault]:
    faults: list[Fault] = []
    if field.pattern is not None:
        said = f"no es un {field.description}" if field.description else "no tiene la forma esperada"
        faults.append(Fault("pattern", ~text.str.contains(whole_cell(field.pattern)), said))
    if field.enum:
        faults.append(Fault("enum", ~text.is_in(list(field.enum)), _not_listed(field)))
    if field.min_length is not None:
        said = f"tiene menos de {field.min_length} caracteres"
        faults.append(Fault("length", text.str.len_chars() < field.min_length, said))
    if field.max_length is not None:
        faults.append(
            Fault("length", text.str.len_chars() > field.max_length, f"tiene más de {field.max_length} caracteres")
        )
    return faults


def _not_listed(field: Field) -> str:
    if len(field.enum) <= MAX_LISTED:
        return f"no es uno de: {', '.join(field.enum)}"
    return f"no es un {field.description}" if field.description else "no está entre los valores admitidos"


def _bound_faults(value: pl.Expr, field: Field) -> list[Fault]:
    faults: list[Fault] = []
    if field.minimum is not None:
        faults.append(Fault("minimum", value < pl.lit(field.minimum), f"es menor que {field.minimum}"))
    if field.maximum is not None:
        faults.append(Fault("maximum", value > pl.lit(field.maximum), f"es mayor que {field.maximum}"))
    return faults
