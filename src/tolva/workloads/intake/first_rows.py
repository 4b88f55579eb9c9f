"""The first rows of a file as a load would store them, or why it would not."""

# pyright: reportUnknownMemberType=false
# (signatures of polars name numpy, which is not installed)

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tolva.tables.check import check
from tolva.tables.locale import Signs
from tolva.tables.proposal import ColumnMapping
from tolva.tables.reading.source import Frame, Source
from tolva.tables.schema import Schema

ROWS = 10


def first_rows(
    source: Source, mapping: ColumnMapping, schema: Schema, signs: Mapping[str, Signs]
) -> list[dict[str, Any]]:
    """Each as `row`, its `values` by field as texts, and its `errors`; the values of a refused row are as they came.

    Whether a row comes twice, and what the table itself refuses, only a dry run can tell.
    """
    frame = next(iter(source.frames(None, ROWS)), None)
    if frame is None or not mapping.matches:
        return []
    checked = check(frame, mapping, schema, signs)
    errors = defaultdict[int, list[str]](list)
    for row, message in checked.errors.select("row", "message").rows():
        errors[row].append(message)
    stored = {row["row"]: row for row in checked.good.to_dicts()}
    cells = _cells(frame, mapping)
    return [
        {
            "row": row,
            "values": {m.field: _text(stored.get(row, cells[row])[m.field]) for m in mapping.matches},
            "errors": errors[row],
        }
        for row in frame.rows["row"].to_list()[:ROWS]
    ]


def _cells(frame: Frame, mapping: ColumnMapping) -> dict[int, dict[str, Any]]:
    """By row number, its cells by the field that they are for."""
    rows = frame.rows.to_dicts()
    return {row["row"]: {match.field: row[f"c{match.column}"] for match in mapping.matches} for row in rows}


def _text(value: object) -> str | None:
    """A stored value as people read it.

    >>> _text(Decimal("12.5000")), _text(True), _text(None)
    ('12.5', 'true', None)
    """
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value.normalize():f}"
        case _:
            return str(value)
