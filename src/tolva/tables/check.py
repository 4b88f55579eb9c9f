"""Text frames to typed rows and explained errors: whole columns at once, never row by row."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from tolva.errors import InvalidInput
from tolva.tables.explain import field_errors, flaw_errors, missing_errors
from tolva.tables.locale import Signs
from tolva.tables.parse import text_of, value_of
from tolva.tables.plain import plain
from tolva.tables.proposal import ColumnMapping, Match
from tolva.tables.reading.source import Frame
from tolva.tables.rules import faults_of
from tolva.tables.schema import Field, Schema


@dataclass(frozen=True)
class Checked:
    """`good`: `row` and one typed column per mapped field. `errors`: as ERROR_COLUMNS says, by row, in schema order."""

    good: pl.DataFrame
    errors: pl.DataFrame
    rejected: int
    """Rows with at least one error; good rows and these are all of the frame's rows."""

    def without(self, refused: pl.DataFrame) -> "Checked":
        """The same, with what else turned out to be wrong (ERROR_COLUMNS) among the errors."""
        if refused.is_empty():
            return self
        good = without(self.good, refused)
        errors = pl.concat([self.errors, refused]).sort("row", maintain_order=True)
        return Checked(good, errors, self.rejected + self.good.height - good.height)


def without(rows: pl.DataFrame, refused: pl.DataFrame) -> pl.DataFrame:
    """The rows whose numbers are not among those of the refused ones."""
    return rows.filter(pl.col("row").is_in(refused["row"].implode()).not_()) if refused.height else rows


def check(
    frame: Frame, mapping: ColumnMapping, schema: Schema, signs: Mapping[str, Signs] = MappingProxyType({})
) -> Checked:
    """Sorts a frame into good rows and errors. A blank optional cell is null; its default is the loader's business.

    `signs` tells by field how numbers and dates are written, where that is known.
    """
    sound = frame.rows.filter(pl.col("flaw").is_null())
    fields = [schema.field(match.field) for match in mapping.matches]
    texts = sound.select("row", *(_text(match, schema) for match in mapping.matches))
    judged = _judge(texts, fields, schema, signs)
    faulty = [field.name for field in fields if judged[f"!{field.name}"].is_not_null().any()]
    wrong = [match for match in mapping.matches if match.field in faulty]
    errors = pl.concat(
        [
            flaw_errors(frame.rows),
            missing_errors(judged, mapping, schema),
            *(field_errors(judged, sound[f"c{m.column}"], schema.field(m.field), m.header) for m in wrong),
        ]
    ).sort("row", maintain_order=True)
    good = judged.filter(pl.col("?bad").not_()).select(
        "row", *(pl.col(f"={field.name}").alias(field.name) for field in fields)
    )
    return Checked(good, errors, frame.rows.height - good.height)


def check_constants(constants: Mapping[str, str], schema: Schema) -> dict[str, str]:
    """The values that come with the request, trimmed.

    Raises InvalidInput when one is missing, unknown or against its field's rules.
    """
    fields = [field for field in schema.fields if field.source == "params"]
    unknown = set(constants) - {field.name for field in fields}
    if unknown:
        raise InvalidInput(f"Parámetros desconocidos: {', '.join(sorted(unknown))}")
    if not fields:
        return {}
    given = pl.DataFrame({"row": [0], **{field.name: [constants.get(field.name, "")] for field in fields}})
    texts = given.with_columns(text_of(field.name, field, schema).alias(field.name) for field in fields)
    judged = _judge(texts, fields, schema, {})
    missing = [field.name for field in fields if field.required and judged[field.name][0] is None]
    if missing:
        raise InvalidInput(f"Parámetros obligatorios vacíos: {', '.join(missing)}")
    errors = pl.concat(field_errors(judged, given[field.name], field, field.name) for field in fields)
    if errors.height:
        raise InvalidInput("; ".join(errors["message"]))
    return {field.name: judged[field.name][0] for field in fields if judged[field.name][0] is not None}


def _text(match: Match, schema: Schema) -> pl.Expr:
    return text_of(f"c{match.column}", schema.field(match.field), schema).alias(match.field)


def _judge(texts: pl.DataFrame, fields: list[Field], schema: Schema, signs: Mapping[str, Signs]) -> pl.DataFrame:
    """Adds per field its plain form (`~name`), value (`=name`) and fault's number (`!name`), and `?bad` for the row."""
    forms = [
        plain(texts[field.name], field, signs.get(field.name, Signs()), texts["row"]).alias(f"~{field.name}")
        for field in fields
    ]
    valued = texts.with_columns(forms).with_columns(
        value_of(pl.col(f"~{field.name}"), field, schema).alias(f"={field.name}") for field in fields
    )
    judged = valued.with_columns(_fault_number(field).alias(f"!{field.name}") for field in fields)
    missing = [pl.col(field.name).is_null() for field in fields if field.required]
    faulty = [pl.col(f"!{field.name}").is_not_null() for field in fields]
    return judged.with_columns(pl.any_horizontal(*missing, *faulty).alias("?bad"))


def _fault_number(field: Field) -> pl.Expr:
    faults = faults_of(field)
    return pl.coalesce(pl.when(fault.bad).then(pl.lit(number, pl.UInt8)) for number, fault in enumerate(faults))
